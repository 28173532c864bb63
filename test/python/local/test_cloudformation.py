"""Every resource type that the template may use deploys, and what code relies on is there afterwards."""

import json
import urllib.request
from pathlib import Path

import pytest
from local_aws import LocalAws, poll

TEMPLATE = Path(__file__).with_name("every_type.yml")


@pytest.fixture(scope="module")
def stack(aws: LocalAws) -> dict:
    client = aws.client("cloudformation")
    client.create_stack(
        StackName="s", TemplateBody=TEMPLATE.read_text(), Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    made = poll(
        lambda: (
            one
            if not (one := client.describe_stacks(StackName="s")["Stacks"][0])["StackStatus"].endswith(
                "IN_PROGRESS"
            )
            else None
        )
    )
    assert made["StackStatus"] == "CREATE_COMPLETE", made.get("StackStatusReason")
    return {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}


def test_a_secret_is_referred_to_by_its_arn_and_made_within_its_exclusions(aws, stack):
    assert stack["SecretArn"].startswith("arn:aws:secretsmanager:")
    value = json.loads(
        aws.client("secretsmanager").get_secret_value(SecretId=stack["SecretArn"])["SecretString"]
    )
    assert value["a"] == "b"
    assert value["token"].isalnum()
    assert len(value["token"]) == 40


def test_a_table_keeps_its_expiry_and_recovery(aws, stack):
    client = aws.client("dynamodb")
    table = next(name for name in client.list_tables()["TableNames"] if "Ledger" in name)
    assert (
        client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]["TimeToLiveStatus"]
        == "ENABLED"
    )
    backups = client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_a_job_keeps_its_limit_of_concurrent_runs(aws, stack):
    job = aws.client("glue").get_job(JobName="sluice-dev-cleanse")["Job"]
    assert job["ExecutionProperty"] == {"MaxConcurrentRuns": 3}


def test_the_api_answers_by_its_path_form(aws, stack):
    url = f"{aws.endpoint}/_aws/execute-api/{stack['ApiId']}/$default/runs/7?x=1"
    event = json.load(urllib.request.urlopen(url))["e"]
    assert (event["rawPath"], event["routeKey"], event["rawQueryString"]) == (
        "/runs/7",
        "GET /runs/{id}",
        "x=1",
    )


def test_a_stack_updates_and_goes_away(aws, stack):
    client = aws.client("cloudformation")
    changed = TEMPLATE.read_text().replace("PasswordLength: 40", "PasswordLength: 50")
    client.update_stack(StackName="s", TemplateBody=changed, Capabilities=["CAPABILITY_NAMED_IAM"])
    poll(lambda: client.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"] == "UPDATE_COMPLETE")
    value = aws.client("secretsmanager").get_secret_value(SecretId=stack["SecretArn"])["SecretString"]
    assert len(json.loads(value)["token"]) == 50
    client.delete_stack(StackName="s")
    poll(
        lambda: (
            not [
                one
                for one in client.list_stacks()["StackSummaries"]
                if one["StackName"] == "s" and one["StackStatus"] != "DELETE_COMPLETE"
            ]
        )
    )
    assert aws.client("secretsmanager").list_secrets()["SecretList"] == []


def test_a_mapping_is_refused_when_the_role_may_not_read_the_queue(aws):
    client = aws.client("cloudformation")
    text = TEMPLATE.read_text().replace("sqs:ReceiveMessage, ", "").replace("Default: dev", "Default: poor")
    client.create_stack(StackName="poor", TemplateBody=text, Capabilities=["CAPABILITY_NAMED_IAM"])
    poll(lambda: "ROLLBACK_COMPLETE" in client.describe_stacks(StackName="poor")["Stacks"][0]["StackStatus"])
    events = client.describe_stack_events(StackName="poor")["StackEvents"]
    reasons = [
        one.get("ResourceStatusReason", "") for one in events if one["ResourceStatus"] == "CREATE_FAILED"
    ]
    assert any("does not have permissions to call ReceiveMessage on SQS" in reason for reason in reasons)
