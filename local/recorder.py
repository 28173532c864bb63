"""Who called what: the API calls that the emulator saw, for tests that assert on them.

`GET /_sluice/calls` answers {"calls": [...], "next": N}. Filters by query: `since` (a number from `next`),
`role`, `service`, `action`, `denied=true`. `python -m local.recorder` is the same on the command line.
One request can need several rights (a transaction, RunTask and its roles): they share `request`, and `call`
is the operation that was asked for.
"""

import argparse
import collections
import contextlib
import contextvars
import itertools
import json
import threading
import time
import urllib.request
from urllib.parse import parse_qs, urlencode

from local.redact import redacted

CALLS_PATH = "/_sluice/calls"
ANSWERED_MAX = 10_000

_muted: contextvars.ContextVar[bool] = contextvars.ContextVar("sluice_recorder_muted", default=False)
_lock = threading.Lock()
_calls: collections.deque = collections.deque(maxlen=200_000)
_count = 0
_requests = itertools.count(1)
_request: contextvars.ContextVar[tuple[int, str]] = contextvars.ContextVar("sluice_request", default=(0, ""))


def begin(call: str) -> None:
    """A new request for an operation; the decisions that follow in its context belong to it."""
    _request.set((next(_requests), call))


def note(principal: str, action: str, resource: str, decision: str, region: str) -> None:
    """Keep one authorization decision: `allowed`, `denied`, or `not signed`."""
    global _count
    if _muted.get():
        return
    role = principal.split("/")[1] if ":assumed-role/" in principal else principal.rsplit("/", 1)[-1]
    role = "root" if principal.endswith(":root") else role
    with _lock:
        _count += 1
        _calls.append(
            {
                "number": _count,
                "request": _request.get()[0],
                "call": _request.get()[1] or action,
                "at": time.time(),
                "role": role,
                "principal": principal,
                "action": action,
                "resource": redacted(resource),
                "decision": decision,
                "region": region,
            }
        )


@contextlib.contextmanager
def muted():
    """Ask the policy engine something without leaving a record."""
    token = _muted.set(True)
    try:
        yield
    finally:
        _muted.reset(token)


def answer(query: str) -> tuple[int, dict]:
    """(HTTP status, body) for the calls that match the query; at most 10,000, oldest first."""
    wanted = {name: values[-1] for name, values in parse_qs(query).items()}
    since = int(wanted.get("since", "0"))
    with _lock:
        kept = [call for call in _calls if call["number"] > since and _matches(call, wanted)][:ANSWERED_MAX]
        newest = _count
    return 200, {"calls": kept, "next": kept[-1]["number"] if len(kept) == ANSWERED_MAX else newest}


def _matches(call: dict, wanted: dict[str, str]) -> bool:
    return (
        wanted.get("role") in (None, call["role"])
        and wanted.get("action") in (None, call["action"])
        and wanted.get("service") in (None, call["action"].split(":")[0])
        and (wanted.get("denied") != "true" or call["decision"] == "denied")
    )


def fetch(endpoint: str, **filters: str) -> dict:
    """The recorded calls of a running local AWS, as `answer` gives them."""
    with urllib.request.urlopen(f"{endpoint}{CALLS_PATH}?{urlencode(filters)}", timeout=30) as response:
        return json.load(response)


def main() -> None:
    """Print recorded calls, one JSON object a line, or as counts per role, action and decision."""
    parser = argparse.ArgumentParser(prog="python -m local.recorder")
    parser.add_argument("--endpoint", default="http://127.0.0.1:4566")
    parser.add_argument("--summary", action="store_true", help="count by role, action and decision")
    for name in ("role", "service", "action", "since"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--denied", action="store_const", const="true")
    chosen = vars(parser.parse_args())
    endpoint, summary = chosen.pop("endpoint"), chosen.pop("summary")
    calls = fetch(endpoint, **{name: value for name, value in chosen.items() if value})["calls"]
    if summary:
        counted = collections.Counter((call["role"], call["action"], call["decision"]) for call in calls)
        for key, count in sorted(counted.items()):
            print(json.dumps({"role": key[0], "action": key[1], "decision": key[2], "calls": count}))
    else:
        for call in calls:
            print(json.dumps(call))


if __name__ == "__main__":
    main()
