"""The account on Snowflake: one secret of Secrets Manager, read by the task's own role.

`{"account", "user", "private_key"}`, the key as PEM; where they are other than below `role`, `warehouse`,
`database` and `threads`; `readers`, a role that may read what is published; and `host`, `port`, `protocol`
where the account has another address, as that of a private link.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,127}\Z")
ADDRESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,254}\Z")
DEFAULTS = {"role": "TRANSFORMER", "warehouse": "TRANSFORMING", "database": "LAKE", "threads": "4"}
KEY_FILE = "snowflake.p8"

Run = Callable[[str], list[tuple]]


class NoAccount(Exception):
    """The sentence that says what is wrong with the secret, without anything that is in it."""


@dataclass(frozen=True)
class Account:
    """What a build needs to reach its warehouse; the key is in a file that only this task may read."""

    account: str
    user: str
    key_path: Path
    role: str
    warehouse: str
    database: str
    threads: str
    readers: str | None = None
    address: dict[str, str] = field(default_factory=dict)

    def settings(self, schema: str) -> dict[str, str]:
        """The variables that the profile reads, for a build that works in a schema."""
        named = {name: getattr(self, name) for name in ("account", "user", *DEFAULTS)}
        given = {**named, "private_key_path": str(self.key_path), "schema": schema, **self.address}
        return {f"SNOWFLAKE_{name.upper()}": value for name, value in given.items()}


def read_account(name: str, directory: Path, client: Any = None) -> Account:
    """The account of the secret with this name; its key goes into a file below the directory, mode 0600.

    Raises NoAccount for a secret that says none; errors of the SDK pass.
    """
    manager = client or boto3.client("secretsmanager", region_name=os.environ.get("AWS_REGION"))
    try:
        given = json.loads(manager.get_secret_value(SecretId=name)["SecretString"])
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise NoAccount(f"the secret {name} must be one object of JSON")
    values = {key: str(value) for key, value in {**DEFAULTS, **given}.items() if value is not None}
    for key in ("account", "user", "role", "warehouse", "database", "readers", "host", "protocol"):
        pattern = ADDRESS if key in ("account", "user", "host") else NAME
        if key in values and not pattern.match(values[key]):
            raise NoAccount(f"{key} in the secret {name} has characters that no such name has")
    missing = [key for key in ("account", "user", "private_key") if key not in values]
    wrong = [key for key in ("threads", "port") if not values.get(key, "1").isdigit()]
    if missing or wrong:
        raise NoAccount(f"the secret {name} must say {', '.join(missing + wrong)}")
    key_path = directory / KEY_FILE
    with open(os.open(key_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(values["private_key"])
    return Account(
        **{key: values[key] for key in ("account", "user", *DEFAULTS)},
        **{"key_path": key_path, "readers": values.get("readers")},
        address={key: values[key] for key in ("host", "port", "protocol") if key in values},
    )


def connect(account: Account) -> tuple[Run, Callable[[], None]]:
    """What runs one statement and answers its rows, and what ends the session. Its errors pass."""
    import snowflake.connector

    session = snowflake.connector.connect(
        **{"account": account.account, "user": account.user, "private_key_file": str(account.key_path)},
        **{"role": account.role, "warehouse": account.warehouse, "database": account.database},
        **{key: int(value) if key == "port" else value for key, value in account.address.items()},
    )

    def run(statement: str) -> list[tuple]:
        with session.cursor() as cursor:
            return cursor.execute(statement).fetchall()

    return run, session.close
