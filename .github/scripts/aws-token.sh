#!/usr/bin/env bash
# Leaves GitHub's token for AWS where every AWS client looks for it; the role is AWS_ROLE_ARN. Later steps have both.
set -euo pipefail
file="$RUNNER_TEMP/aws-token"
umask 077
curl --silent --show-error --fail --max-time 30 \
  --header "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \
  "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=sts.amazonaws.com" |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["value"], end="")' > "$file"
echo "AWS_WEB_IDENTITY_TOKEN_FILE=$file" >> "$GITHUB_ENV"
