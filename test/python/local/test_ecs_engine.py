"""ECS tasks are processes with a Fargate task's life, environment, credentials, disk and events."""

import time
from datetime import datetime

import pytest
from cluster import Cluster
from local_aws import poll


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
