"""A local AWS for tests: started on a free port with an own state folder, stopped by its pid."""

import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import boto3

from samples.servers.process import free_port

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 30


def poll(ask: Callable[[], object], seconds: float = 20.0):
    """Ask until the answer is truthy; fails with the last answer when the time is over."""
    end = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < end, f"nothing but {answer!r} within {seconds} s"
        time.sleep(0.02)
    return answer


class LocalAws:
    """A started launcher and clients for it."""

    def __init__(self, process: subprocess.Popen, ready: dict, state: Path) -> None:
        self.process, self.ready, self.state = process, ready, state
        self.endpoint = ready["endpoint"]

    def client(self, service: str, key: str = "test", secret: str = "test", token: str | None = None):
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
        )

    def role(self, name: str, *statements: dict, service: str = "lambda.amazonaws.com") -> str:
        """Make a role with one inline policy that a service may assume; returns its ARN."""
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": "arn:aws:iam::000000000000:root", "Service": service},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        iam = self.client("iam")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        iam.put_role_policy(
            RoleName=name,
            PolicyName="p",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": list(statements)}),
        )
        return arn

    def function(self, name: str, code: str, role: str) -> str:
        """Make a function of one JavaScript file that exports its handler; returns its ARN."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("index.js", code)
        return self.client("lambda").create_function(
            FunctionName=name,
            Runtime="nodejs22.x",
            Handler="index.handler",
            Role=role,
            Code={"ZipFile": archive.getvalue()},
        )["FunctionArn"]

    def as_role(self, service: str, role_arn: str):
        """A client with temporary credentials of a role."""
        given = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="test")["Credentials"]
        return self.client(service, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])

    def tap(self, name: str, pattern: dict, bus: str = "default") -> Callable[[], list[dict]]:
        """Put every event that matches into a queue; returns a function that drains it."""
        sqs, rules = self.client("sqs"), self.client("events")
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "events.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": arn,
                }
            ],
        }
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
        rules.put_rule(Name=name, EventPattern=json.dumps(pattern), EventBusName=bus)
        rules.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "q", "Arn": arn}])
        seen: list[dict] = []

        def drain() -> list[dict]:
            while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
                for message in found:
                    seen.append(json.loads(message["Body"]))
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return seen

        return drain


def start(state: Path, *options: str, port: int | None = None) -> LocalAws:
    """Start a launcher and wait for its one line."""
    # Its imports are large: without their byte code, each start would compile all of the emulator again.
    inherited = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(
        [sys.executable, "-m", "local", "--port", str(port or free_port()), "--state", str(state), *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**inherited, "SECRET_OF_CALLER": "1"},
    )
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(process.stderr.read())
    return LocalAws(process, json.loads(line), state)


def stop(process: subprocess.Popen) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=START_SECONDS)
