"""Fargate's sizes, capacity and memory limit, execution roles, Glue's worker types: as AWS has them."""

import pytest
from botocore.exceptions import ClientError
from cluster import LOGS, PULLS, Cluster


@pytest.fixture(scope="module")
def cluster(aws, tmp_path_factory) -> Cluster:
    return Cluster(aws, tmp_path_factory.mktemp("repository"))


def refusal(call) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    return caught.value.response["Error"]["Message"]


def test_a_task_that_takes_more_than_its_memory_ends_as_out_of_memory(cluster):
    heavy = {"BYTES": str(600 * 1024 * 1024), "SLEEP": "30"}
    task = cluster.ended(cluster.run(environment=heavy))
    assert task["memory"] == "512"
    assert task["stopCode"] == "EssentialContainerExited"
    assert task["containers"][0]["exitCode"] == 137
    assert task["containers"][0]["reason"] == "OutOfMemoryError: Container killed due to memory usage"
    larger = cluster.ended(
        cluster.run(environment={**heavy, "SLEEP": "1"}, size={"cpu": "512", "memory": "1024"})
    )
    assert (larger["cpu"], larger["memory"]) == ("512", "1024")
    assert larger["containers"][0]["exitCode"] == 0


@pytest.mark.parametrize("size", [{"memory": "3000"}, {"cpu": "2048"}, {"cpu": "300", "memory": "512"}])
def test_a_size_that_fargate_does_not_have_is_refused(cluster, size):
    assert "No Fargate configuration exists" in refusal(lambda: cluster.run(size=size))


def test_a_task_runs_on_the_capacity_that_was_asked_for(cluster):
    task = cluster.ended(cluster.run(provider="FARGATE_SPOT"))
    assert (task["capacityProviderName"], task["launchType"]) == ("FARGATE_SPOT", "FARGATE")
    words = refusal(lambda: cluster.run(provider="FARGATE_SPOTS"))
    assert "not associated with the cluster" in words
    both = {"launchType": "FARGATE", "provider": "FARGATE_SPOT"}
    assert "launch type" in refusal(lambda: cluster.run(**both)).lower()


def test_a_cluster_without_instances_runs_nothing_on_ec2(cluster):
    words = refusal(
        lambda: cluster.ecs.run_task(
            cluster="c",
            taskDefinition="hello",
            networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        )
    )
    assert "No Container Instances" in words


@pytest.mark.parametrize(
    ("name", "statements", "code", "action"),
    [
        ("no-pull", (LOGS,), "ResourceInitializationError", "ecr:GetAuthorizationToken"),
        ("no-logs", (PULLS,), "ResourceInitializationError", "logs:CreateLogStream"),
        (
            "other-images",
            (LOGS, {**PULLS, "Action": "ecr:GetAuthorizationToken"}),
            "CannotPullContainerError",
            "ecr:BatchCheckLayerAvailability",
        ),
    ],
)
def test_a_task_does_not_start_without_the_rights_of_its_execution_role(
    cluster, name, statements, code, action
):
    image = f"000000000000.dkr.ecr.us-east-1.amazonaws.com/sluice/hello@sha256:{cluster.digest}"
    cluster.define(name, image, cluster.task_role, cluster.aws.role(name, *statements))
    task = cluster.ended(cluster.run(name))
    assert (task["stopCode"], task["stoppedReason"].split(":")[0]) == ("TaskFailedToStart", code)
    assert action in task["stoppedReason"]
    assert "exitCode" not in task["containers"][0]


def test_a_definition_for_fargate_that_logs_needs_an_execution_role(cluster):
    container = {"name": "m", "image": "x", "logConfiguration": {"logDriver": "awslogs"}}
    words = refusal(
        lambda: cluster.ecs.register_task_definition(
            family="no-role",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[container],
        )
    )
    assert "execution role" in words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ({"WorkerType": "G.2X"}, "set both"),
        ({"NumberOfWorkers": 4}, "set both"),
        ({"WorkerType": "G.3X", "NumberOfWorkers": 4}, "not supported"),
        ({"WorkerType": "G.2X", "NumberOfWorkers": 1}, "minimum allowed value"),
    ],
)
def test_a_run_s_own_worker_type_is_one_of_glue_and_comes_with_a_number(aws, size, words):
    glue = aws.client("glue")
    role = aws.role(f"glue-{abs(hash(str(size)))}", LOGS)
    name = f"sized-{abs(hash(str(size)))}"
    glue.create_job(
        Name=name, Role=role, Command={"Name": "glueetl", "ScriptLocation": "s3://b/x.py"}, GlueVersion="5.0"
    )
    assert words in refusal(lambda: glue.start_job_run(JobName=name, **size))


def test_job_runs_come_in_pages_newest_first(aws):
    glue = aws.client("glue")
    glue.create_job(
        Name="paged",
        Role=aws.role("paged", LOGS),
        GlueVersion="5.0",
        ExecutionProperty={"MaxConcurrentRuns": 3},
        Command={"Name": "glueetl", "ScriptLocation": "s3://absent/x.py"},
    )
    started = [glue.start_job_run(JobName="paged")["JobRunId"] for _ in range(3)]
    first = glue.get_job_runs(JobName="paged", MaxResults=2)
    second = glue.get_job_runs(JobName="paged", MaxResults=2, NextToken=first["NextToken"])
    assert [run["Id"] for run in first["JobRuns"] + second["JobRuns"]] == started[::-1]
    assert "NextToken" not in second
