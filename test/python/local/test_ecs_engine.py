"""ECS tasks are processes with a Fargate task's life, environment, credentials, disk and events."""

import json
import time
from datetime import datetime

import pytest
from local_aws import LocalAws, poll

from local import images

DOCKERFILE = """
FROM python:3.11.7-slim
ENV GREETING=hello DATA_DIR=/app/data
WORKDIR /app
COPY code /app/hello
RUN pip install --require-hashes -r requirements.lock && python -c "open('prepared', 'w').write('yes')"
USER app
ENTRYPOINT ["python", "-m", "hello"]
"""
PROGRAM = """
import json, os, signal, sys, time
import boto3
if os.environ.get("DEAF"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(json.dumps({"cwd": os.getcwd(), "files": os.listdir("."), "env": dict(os.environ)}), flush=True)
open("litter", "w").write("x")
print(json.dumps(boto3.client("sts").get_caller_identity()["Arn"]))
s3 = boto3.client("s3")
s3.put_object(Bucket="allowed", Key="from-task", Body=b"x")
try:
    s3.put_object(Bucket="forbidden", Key="from-task", Body=b"x")
except Exception as error:
    print(json.dumps(str(error)), flush=True)
time.sleep(float(os.environ.get("SLEEP", "0")))
sys.exit(int(os.environ.get("CODE", "0")))
"""
NETWORK = {
    "awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED"}
}


class Cluster:
    """A local AWS with a cluster, an image and a task definition on it."""

    def __init__(self, aws: LocalAws, folder) -> None:
        self.aws, self.ecs, self.logs = aws, aws.client("ecs"), aws.client("logs")
        (folder / "containers" / "hello").mkdir(parents=True)
        (folder / "containers" / "hello" / "Dockerfile").write_text(DOCKERFILE)
        (folder / "code").mkdir()
        (folder / "code" / "__main__.py").write_text(PROGRAM)
        digest = images.build_all(folder, aws.state / "images")["hello"]
        for bucket in ("allowed", "forbidden"):
            aws.client("s3").create_bucket(Bucket=bucket)
        role = aws.role(
            "task", {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::allowed/*"}
        )
        self.ecs.create_cluster(clusterName="c")
        self.logs.create_log_group(logGroupName="/tasks")
        self.define(
            "hello", f"000000000000.dkr.ecr.us-east-1.amazonaws.com/sluice/hello@sha256:{digest}", role
        )
        self.define("absent", f"x/sluice/hello@sha256:{'0' * 64}", role)
        self.drain = aws.tap("task-events", {"source": ["aws.ecs"]})

    def define(self, family: str, image: str, role: str) -> None:
        self.ecs.register_task_definition(
            family=family,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            taskRoleArn=role,
            executionRoleArn=role,
            containerDefinitions=[
                {
                    "name": "main",
                    "image": image,
                    "stopTimeout": 2,
                    "environment": [{"name": "FROM_DEFINITION", "value": "1"}],
                    "logConfiguration": {
                        "logDriver": "awslogs",
                        "options": {
                            "awslogs-group": "/tasks",
                            "awslogs-region": "us-east-1",
                            "awslogs-stream-prefix": "p",
                        },
                    },
                }
            ],
        )

    def run(self, family: str = "hello", environment: dict | None = None, **more) -> str:
        pairs = [{"name": name, "value": value} for name, value in (environment or {}).items()]
        answer = self.ecs.run_task(
            cluster="c",
            taskDefinition=family,
            launchType="FARGATE",
            networkConfiguration=NETWORK,
            overrides={"containerOverrides": [{"name": "main", "environment": pairs}]},
            **more,
        )
        return answer["tasks"][0]["taskArn"]

    def ended(self, arn: str) -> dict:
        return poll(
            lambda: next(
                (
                    task
                    for task in self.ecs.describe_tasks(cluster="c", tasks=[arn])["tasks"]
                    if task["lastStatus"] == "STOPPED"
                ),
                None,
            )
        )

    def events(self, arn: str) -> list[dict]:
        mine = poll(
            lambda: (
                [one for one in self.drain() if one["detail"]["taskArn"] == arn]
                if any(
                    one["detail"]["taskArn"] == arn and one["detail"]["lastStatus"] == "STOPPED"
                    for one in self.drain()
                )
                else None
            )
        )
        return sorted(mine, key=lambda one: one["detail"]["version"])

    def output(self, arn: str) -> list:
        stream = f"p/main/{arn.rsplit('/', 1)[-1]}"
        found = self.logs.get_log_events(logGroupName="/tasks", logStreamName=stream, startFromHead=True)
        return [json.loads(event["message"]) for event in found["events"]]


@pytest.fixture(scope="module")
def cluster(aws, tmp_path_factory) -> Cluster:
    return Cluster(aws, tmp_path_factory.mktemp("repository"))


def test_a_task_runs_with_its_own_environment_role_and_empty_disk(cluster):
    arn = cluster.run(environment={"RUN_ID": "r1"})
    task = cluster.ended(arn)
    told, caller, denial = cluster.output(arn)
    environment = told["env"]
    assert task["containers"][0]["exitCode"] == 0
    assert told["files"] == []
    assert (environment["RUN_ID"], environment["FROM_DEFINITION"], environment["GREETING"]) == (
        "r1",
        "1",
        "hello",
    )
    assert environment["AWS_ENDPOINT_URL"] == cluster.aws.endpoint
    assert not {"AUTH", "SECRET_OF_CALLER", "AWS_ACCESS_KEY_ID", "GATEWAY_PORT"} & set(environment)
    assert caller == f"arn:aws:sts::000000000000:assumed-role/task/{arn.rsplit('/', 1)[-1]}"
    assert "AccessDenied" in denial
    poll(lambda: not any((cluster.aws.state / "tasks").iterdir()))
    log = cluster.aws.state / "logs" / "tasks" / f"hello-{arn.rsplit('/', 1)[-1]}.log"
    assert len(log.read_text().splitlines()) == 3


def test_the_events_tell_the_life_of_a_task_in_the_shape_of_aws(cluster):
    arn = cluster.run(environment={"CODE": "3"}, startedBy="run-1")
    events = cluster.events(arn)
    states = [
        (one["detail"]["lastStatus"], one["detail"]["desiredStatus"], one["detail"]["version"])
        for one in events
    ]
    assert states == [
        ("PROVISIONING", "RUNNING", 1),
        ("PENDING", "RUNNING", 2),
        ("RUNNING", "RUNNING", 3),
        ("RUNNING", "STOPPED", 4),
        ("DEPROVISIONING", "STOPPED", 5),
        ("STOPPED", "STOPPED", 6),
    ]
    last = events[-1]
    assert (last["source"], last["detail-type"], last["resources"]) == (
        "aws.ecs",
        "ECS Task State Change",
        [arn],
    )
    detail = last["detail"]
    assert detail["containers"][0]["exitCode"] == 3
    assert (detail["group"], detail["startedBy"], detail["stopCode"]) == (
        "family:hello",
        "run-1",
        "EssentialContainerExited",
    )
    assert detail["stoppedReason"] == "Essential container in task exited"
    assert events[-2]["detail"]["containers"][0]["exitCode"] == 3
    assert "exitCode" not in events[2]["detail"]["containers"][0]


def test_a_missing_image_fails_the_start_without_an_exit_code(cluster):
    events = cluster.events(cluster.run("absent"))
    detail = events[-1]["detail"]
    assert detail["stopCode"] == "TaskFailedToStart"
    assert detail["stoppedReason"].startswith("CannotPullContainerError")
    assert "exitCode" not in detail["containers"][0]
    assert "startedAt" not in detail


@pytest.mark.parametrize(
    ("environment", "code"), [({"SLEEP": "60"}, 143), ({"SLEEP": "60", "DEAF": "1"}, 137)]
)
def test_stop_task_terminates_then_kills_after_the_stop_timeout(cluster, environment, code):
    arn = cluster.run(environment=environment)
    poll(
        lambda: (
            (cluster.aws.state / "logs" / "tasks" / f"hello-{arn.rsplit('/', 1)[-1]}.log").exists()
            and "AccessDenied"
            in (cluster.aws.state / "logs" / "tasks" / f"hello-{arn.rsplit('/', 1)[-1]}.log").read_text()
        )
    )
    started = time.monotonic()
    answer = cluster.ecs.stop_task(cluster="c", task=arn, reason="enough")
    assert answer["task"]["desiredStatus"] == "STOPPED"
    task = cluster.ended(arn)
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "enough")
    assert task["containers"][0]["exitCode"] == code
    assert time.monotonic() - started < 15


def test_a_padded_cluster_keeps_tasks_running_and_bounds_the_parallel_ones(launch, tmp_path):
    slow = Cluster(launch("--pad-seconds", "3", "--max-parallel-tasks", "1"), tmp_path)
    arns = [slow.run(environment={"SLEEP": "0.5"}) for _ in range(2)]
    first, second = sorted((slow.events(arn)[-1]["detail"] for arn in arns), key=lambda one: one["startedAt"])
    for task in (first, second):
        assert moment(task["stoppingAt"]) - moment(task["startedAt"]) >= 3
    assert moment(second["startedAt"]) - moment(first["startedAt"]) >= 0.5


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
