"""Makes a user who holds one policy and no other, and prints the variables with its keys as JSON.

`python test/acceptance/user_keys.py <user name> <policy ARN>`
"""

import json
import sys

import boto3


def main(name: str, policy: str) -> None:
    """Make the user with its policy and one access key."""
    iam = boto3.client("iam")
    iam.create_user(UserName=name)
    iam.attach_user_policy(UserName=name, PolicyArn=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    print(
        json.dumps({"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]})
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
