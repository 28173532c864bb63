"""Sends the doors requests that schemathesis makes from the OpenAPI document; prints what came back as JSON.

The first line of stdin is {"api", "document", "doors": [{"source", "auth", "secret"}], "requests", "seed"}.
Half of the requests come from a stranger, with whatever path and headers the generator chose or a declared
source; the other half are shown as the source's own sender would. Prints {"sent": n} after every 500 and goes
on when it is told to by a line, so that others can send in turns; at the end the counts by status and what is
wrong: any 5xx, and any request of a stranger that was let in.
"""

import collections
import hashlib
import hmac
import itertools
import json
import sys
import time

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.generation import GenerationMode

TURN = 500
PROBLEMS_MAX = 10


def shown(door: dict, body: bytes) -> tuple[str, dict]:
    """The path and the headers with which a source's own sender shows that it knows the secret."""
    auth, secret = door["auth"], door["secret"]
    path = f"/webhooks/{door['source']}"
    if auth["method"] == "path-key":
        return f"{path}/{secret}", {}
    if auth["method"] == "api-key":
        return path, {"X-API-Key": secret}
    if auth["method"] == "dbt-platform":
        return path, {"Authorization": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}
    timestamp = str(int(time.time()))
    signature = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return path, {auth["timestampHeader"]: timestamp, auth["signatureHeader"]: signature}


class Fuzz:
    """One session and its counts."""

    def __init__(self, asked: dict):
        self.api, self.doors = asked["api"], itertools.cycle(asked["doors"])
        self.session = requests.Session()
        self.turn = itertools.count()
        self.counts = {"stranger": collections.Counter(), "known": collections.Counter()}
        self.problems: list[str] = []
        self.sent = 0

    def send(self, case) -> None:
        """Sends one generated case, as a stranger or as a source's own sender."""
        made = self.session.prepare_request(
            requests.Request(**case.as_transport_kwargs(base_url="http://generated"))
        )
        body = made.body.encode() if isinstance(made.body, str) else made.body or b""
        headers = {name: value for name, value in made.headers.items() if name.lower() != "content-length"}
        turn, door = next(self.turn), next(self.doors)
        who = "known" if turn % 2 else "stranger"
        if who == "known":
            path, proof = shown(door, body)
            headers |= proof
        else:
            path = f"/webhooks/{door['source']}/{turn}" if turn % 4 else made.path_url
        answer = self.session.post(f"{self.api}{path}", data=body, headers=headers, timeout=60)
        self.judge(who, answer.status_code, door["source"], body)

    def judge(self, who: str, status: int, source: str, body: bytes) -> None:
        """Counts an answer, and keeps what must not be."""
        self.counts[who][status] += 1
        if status >= 500 or (who == "stranger" and status < 400):
            self.problems.append(f"{who} of {source} got {status} for {body[:200]!r}")
        self.sent += 1
        if self.sent % TURN == 0:
            print(json.dumps({"sent": self.sent}), flush=True)
            sys.stdin.readline()


def run(asked: dict) -> dict:
    """Sends as many requests as asked, in equal parts of each route, valid and invalid."""
    schema = schemathesis.openapi.from_dict(asked["document"])
    fuzz = Fuzz(asked)
    paths = ("/webhooks/{source}", "/webhooks/{source}/{key}")
    parts = [(path, mode) for path in paths for mode in GenerationMode]
    for number, (path, mode) in enumerate(parts):
        quiet = settings(
            max_examples=asked["requests"] // len(parts),
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        strategy = schema[path]["POST"].as_strategy(generation_mode=mode)
        seed(asked["seed"] + number)(quiet(given(strategy)(fuzz.send)))()
    counts = {who: dict(found) for who, found in fuzz.counts.items()}
    return {"requests": fuzz.sent, "statuses": counts, "problems": fuzz.problems[:PROBLEMS_MAX]}


if __name__ == "__main__":
    print(json.dumps(run(json.loads(sys.stdin.readline()))))
