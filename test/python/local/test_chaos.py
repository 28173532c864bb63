"""Faults strike when they are asked for, are told, look as AWS shows them, and end."""

import json
import urllib.request

import pytest
from cluster import Cluster
from local_aws import LocalAws, poll

from local.faults.chaos import Chaos, Faults

CODE = """
const { writeFileSync } = require('fs');
exports.handler = async ({ path }) => {
  writeFileSync(path + '-begun', '');
  await new Promise((resolve) => setTimeout(resolve, 60));
  writeFileSync(path + '-ended', '');
};
"""
CALLS = 12


def chaos(aws: LocalAws, faults: dict | None = None) -> dict:
    """Set faults where some are given; answers what `GET /_sluice/chaos` tells."""
    body = None if faults is None else json.dumps(faults).encode()
    with urllib.request.urlopen(f"{aws.endpoint}/_sluice/chaos", body, timeout=10) as answer:
        return json.load(answer)


def test_the_same_seed_gives_the_same_rolls_for_each_fault_by_itself():
    def rolls(also: bool) -> list[bool]:
        dice = Chaos(Faults.of('{"seed": 5, "taskKilled": 0.5, "jobKilled": 0.5}'))
        return [
            dice.strikes("taskKilled") for _ in range(50) if not also or dice.strikes("jobKilled") is not None
        ]

    assert rolls(also=False) == rolls(also=True)
    assert 10 < sum(rolls(also=False)) < 40


@pytest.mark.parametrize("text", ['{"taskKiled": 1}', '{"taskKilled": 2}', '{"taskKilled": "1"}', "[]"])
def test_faults_that_do_not_exist_or_cannot_be_are_refused(text):
    with pytest.raises(ValueError, match=r"faults are|share|number"):
        Faults.of(text)


def test_a_killed_handler_is_an_error_whether_or_not_its_work_was_done(aws, tmp_path):
    client = aws.client("lambda")
    role = aws.role("killed", {"Effect": "Allow", "Action": "logs:*", "Resource": "*"})
    aws.function("killed", CODE, role)

    def call(name: str) -> dict:
        payload = json.dumps({"path": str(tmp_path / name)}).encode()
        answer = client.invoke(FunctionName="killed", Payload=payload)
        return {"error": answer.get("FunctionError"), "body": json.loads(answer["Payload"].read() or b"null")}

    assert call("warm")["error"] is None
    chaos(aws, {"seed": 3, "handlerKilled": 1})
    answers = [call(str(number)) for number in range(CALLS)]
    struck = [one for one in chaos(aws, {})["struck"] if one["fault"] == "handlerKilled"]
    assert {answer["error"] for answer in answers} == {"Unhandled"}
    assert all("signal: killed" in answer["body"]["errorMessage"] for answer in answers)
    ended = [(tmp_path / f"{number}-ended").exists() for number in range(CALLS)]
    assert all(done for one, done in zip(struck, ended, strict=True) if one["answered"])
    assert False in ended
    assert call("after")["error"] is None
    assert chaos(aws)["counts"]["handlerKilled"] == {"chances": CALLS, "struck": CALLS}


def test_deliveries_are_lost_doubled_and_delayed(aws):
    drain = aws.tap("tapped", {"source": ["test"]})
    rules = aws.client("events")

    def put(name: str) -> None:
        rules.put_events(Entries=[{"Source": "test", "DetailType": name, "Detail": "{}"}])

    def seen(name: str) -> list[dict]:
        return [event for event in drain() if event["detail-type"] == name]

    chaos(aws, {"deliveryDropped": 1})
    put("dropped")
    chaos(aws, {"deliveryDoubled": 1})
    put("doubled")
    assert len({event["id"] for event in poll(lambda: len(seen("doubled")) == 2 and seen("doubled"))}) == 1
    chaos(aws, {"deliveryDelayed": 1, "delaySecondsMax": 0.3})
    put("delayed")
    told = chaos(aws, {})
    assert poll(lambda: seen("delayed"))
    assert seen("dropped") == []
    assert {name: told["counts"][name]["struck"] for name in told["counts"] if name.startswith("del")} == {
        "deliveryDelayed": 1,
        "deliveryDoubled": 1,
        "deliveryDropped": 1,
    }


def test_an_object_s_event_comes_twice_under_two_ids(aws):
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="doubled")
    s3.put_bucket_versioning(Bucket="doubled", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(
        Bucket="doubled", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    drain = aws.tap("objects", {"source": ["aws.s3"]})
    chaos(aws, {"objectEventDoubled": 1, "delaySecondsMax": 0.1})
    version = s3.put_object(Bucket="doubled", Key="k", Body=b"1")["VersionId"]
    events = poll(lambda: len(drain()) == 2 and drain())
    chaos(aws, {})
    assert len({event["id"] for event in events}) == 2
    assert {event["detail"]["object"]["version-id"] for event in events} == {version}


@pytest.fixture(scope="module")
def cluster(aws, tmp_path_factory) -> Cluster:
    return Cluster(aws, tmp_path_factory.mktemp("repository"))


def test_a_killed_task_ends_as_aws_shows_it(cluster):
    chaos(cluster.aws, {"seed": 2, "taskKilled": 1})
    arns = [cluster.run(environment={"SLEEP": "60"}, provider="FARGATE_SPOT") for _ in range(8)]
    ends = [cluster.ended(arn) for arn in arns]
    struck = [one for one in chaos(cluster.aws, {})["struck"] if one["fault"] == "taskKilled"]
    kinds = {one["job"]: one["kind"] for one in struck}
    for task in ends:
        container = task["containers"][0]
        seen = (task["stopCode"], container["exitCode"], container.get("reason"))
        assert (
            seen
            == {
                "spot": ("SpotInterruption", 143, None),
                "out of memory": (
                    "EssentialContainerExited",
                    137,
                    "OutOfMemoryError: Container killed due to memory usage",
                ),
                "killed": ("EssentialContainerExited", 137, None),
            }[kinds[task["taskArn"].rsplit("/", 1)[-1]]]
        )
    assert len(set(kinds.values())) >= 2
