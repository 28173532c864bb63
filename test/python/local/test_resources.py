"""Calls are authorized on the resources that AWS names."""

import pytest
from botocore.exceptions import ClientError

PLACE = "us-east-1:000000000000"
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}


def allow(action: str, resource: str, **condition) -> dict:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **condition}


@pytest.fixture(scope="module")
def definition(aws) -> str:
    ecs = aws.client("ecs")
    ecs.create_cluster(clusterName="c")
    ecs.create_cluster(clusterName="other")
    return ecs.register_task_definition(
        family="f",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "main", "image": "x/y"}],
    )["taskDefinition"]["taskDefinitionArn"]


def test_run_task_is_authorized_on_the_definition_and_its_cluster(aws, definition):
    here = {"Condition": {"ArnEquals": {"ecs:cluster": f"arn:aws:ecs:{PLACE}:cluster/c"}}}
    right = aws.as_role("ecs", aws.role("right", allow("ecs:RunTask", definition, **here)))
    wrong = aws.as_role("ecs", aws.role("wrong", allow("ecs:RunTask", f"arn:aws:ecs:{PLACE}:cluster/c")))
    request = {"taskDefinition": "f", "launchType": "FARGATE", "networkConfiguration": NETWORK}
    assert right.run_task(cluster="c", **request)["tasks"]
    for client, cluster in ((right, "other"), (wrong, "c")):
        with pytest.raises(ClientError, match="ecs:RunTask"):
            client.run_task(cluster=cluster, **request)


def test_describe_tasks_is_authorized_on_the_task(aws, definition):
    one = allow("ecs:DescribeTasks", f"arn:aws:ecs:{PLACE}:task/c/*")
    client = aws.as_role("ecs", aws.role("describer", one))
    assert client.describe_tasks(cluster="c", tasks=["absent"])["failures"]
    with pytest.raises(ClientError, match="ecs:DescribeTasks"):
        client.describe_tasks(cluster="other", tasks=["absent"])


def test_a_table_needs_rights_on_table_database_and_catalog(aws):
    glue = aws.client("glue")
    glue.create_database(DatabaseInput={"Name": "d"})
    glue.create_table(
        DatabaseName="d", TableInput={"Name": "t", "PartitionKeys": [{"Name": "day", "Type": "string"}]}
    )
    all_three = [f"arn:aws:glue:{PLACE}:{one}" for one in ("table/d/t", "database/d", "catalog")]
    actions = ["glue:GetTable", "glue:BatchCreatePartition"]

    def ask(name: str, resources: list[str]) -> None:
        client = aws.as_role(
            "glue", aws.role(name, {"Effect": "Allow", "Action": actions, "Resource": resources})
        )
        client.get_table(DatabaseName="d", Name="t")
        client.batch_create_partition(DatabaseName="d", TableName="t", PartitionInputList=[])

    ask("table-all", all_three)
    for number in range(3):
        with pytest.raises(ClientError, match="glue:GetTable"):
            ask(f"table-{number}", all_three[:number] + all_three[number + 1 :])


def test_an_execution_is_authorized_on_its_workgroup(aws):
    aws.client("s3").create_bucket(Bucket="out")
    aws.client("athena").create_work_group(
        Name="ours", Configuration={"ResultConfiguration": {"OutputLocation": "s3://out/"}}
    )
    group = f"arn:aws:athena:{PLACE}:workgroup/ours"
    actions = ["athena:StartQueryExecution", "athena:GetQueryExecution"]
    output = allow("s3:*", "*")
    reader = {"Effect": "Allow", "Action": actions, "Resource": group}
    client = aws.as_role("athena", aws.role("athena-ours", reader, output))
    run = client.start_query_execution(QueryString="select 1", WorkGroup="ours")["QueryExecutionId"]
    assert client.get_query_execution(QueryExecutionId=run)["QueryExecution"]["WorkGroup"] == "ours"
    with pytest.raises(ClientError, match="athena:StartQueryExecution"):
        client.start_query_execution(QueryString="select 1")
