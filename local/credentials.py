"""Credentials of a task's role, as a task on Fargate gets them: by HTTP from a link that only it knows."""

import secrets
import time
from dataclasses import dataclass

CREDENTIALS_PATH = "/_sluice/credentials/"
SESSION_SECONDS = 6 * 3600
SESSIONS_MAX = 10_000


@dataclass(frozen=True)
class Grant:
    """One task's right to ask for credentials of one role under one session name."""

    role_arn: str
    session_name: str
    authorization: str


_grants: dict[str, Grant] = {}


def grant(role_arn: str, session_name: str, endpoint: str) -> tuple[str, dict[str, str]]:
    """Open a credentials link for a role; returns its id (to revoke) and the two variables that SDKs read.

    The variables are those of the container credentials provider
    (https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html).
    """
    if len(_grants) >= SESSIONS_MAX:
        raise RuntimeError(f"more than {SESSIONS_MAX} credential links are open at once")
    identity = secrets.token_hex(16)
    _grants[identity] = Grant(role_arn, session_name[:64], secrets.token_hex(16))
    return identity, {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{endpoint}{CREDENTIALS_PATH}{identity}",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": _grants[identity].authorization,
    }


def revoke(identity: str) -> None:
    """Close a credentials link; credentials that were handed out live until they expire, as on AWS."""
    _grants.pop(identity, None)


def answer(path: str, authorization: str) -> tuple[int, dict]:
    """The credentials service: (HTTP status, JSON body) for a GET of a link."""
    found = _grants.get(path.removeprefix(CREDENTIALS_PATH))
    if not found:
        return 404, {"code": "NotFound", "message": "no such credentials link"}
    if not secrets.compare_digest(found.authorization, authorization):
        return 401, {"code": "AccessDenied", "message": "wrong authorization token"}
    return 200, new_session(found.role_arn, found.session_name)


def new_session(role_arn: str, session_name: str, expires: bool = True) -> dict:
    """Fresh temporary credentials of a role (six hours), known to the emulator's IAM enforcement."""
    from ministack.services import sts

    account, role = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    key = "ASIA" + secrets.token_hex(8).upper()
    secret, token = secrets.token_hex(20), secrets.token_hex(32)
    end = time.time() + SESSION_SECONDS
    sts.register_session(
        key,
        {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session_name}",
            "UserId": f"{role}:{session_name}",
            "SecretAccessKey": secret,
            "SessionToken": token,
            **({"Expiration": end} if expires else {}),
        },
    )
    return {
        "RoleArn": role_arn,
        "AccessKeyId": key,
        "SecretAccessKey": secret,
        "Token": token,
        "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end)),
    }
