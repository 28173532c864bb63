"""A secret reaches the source, and nothing else: no line of output, no file, no object, no error."""

import base64
import logging
from pathlib import Path

import pytest
from extraction import ROOT
from servers import KEY

from containers.extract.secret import Secret, parse_secret, scrubber
from local.dockerfile import parse
from local.images import files_of, place_files

SPELLINGS = [
    KEY,
    "k3y%20with",
    "k3y+with",
    "with%2Fodd",
    "odd+signs",
    base64.b64encode(KEY.encode()).decode(),
]


@pytest.fixture
def block(extraction, rest):
    """Makes a block that pages by the addresses in the body, which repeat the key."""

    def make(place: str = "query", **entity: object) -> dict:
        one = {"entity": "market_data", "path": "/linked/prices", "records": "/data", "cursor": "price_date"}
        one |= {"paging": {"style": "link", "next": "/next", "size": 200}, "params": {"from": "2023-06-01"}}
        key = {"place": place, "name": "apikey" if place == "query" else "X-API-Key"}
        secret = extraction.secret({"value": KEY, "url": rest.url})
        return {"engine": "rest", "url": rest.url, "secret": secret, "key": key, "entities": [one | entity]}

    return make


def traces(extraction) -> str:
    """Whatever a run left: its output, its files, and all objects with their metadata."""
    left = [extraction.logs]
    left += [path.read_text(errors="replace") for path in extraction.folder.rglob("*") if path.is_file()]
    for bucket in ("extract-bronze", "extract-artifacts"):
        for item in extraction.s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            if extraction.source in item["Key"]:
                found = extraction.s3.get_object(Bucket=bucket, Key=item["Key"])
                left += [item["Key"], found["Body"].read().decode()]
                told = found["Metadata"]
                left += [*told.values(), base64.b64decode(told.get("sluice-next", "")).decode()]
    return "\n".join(left)


def assert_nowhere(extraction) -> None:
    found = traces(extraction)
    assert len(found) > 1_000
    assert [spelling for spelling in SPELLINGS if spelling in found] == []


@pytest.fixture
def image(tmp_path_factory) -> Path:
    """The directory /app of the image, made from its COPY lines."""
    folder = tmp_path_factory.mktemp("image")
    place_files(files_of(parse((ROOT / "containers" / "extract" / "Dockerfile").read_text()), ROOT), folder)
    return folder / "app"


def test_a_task_of_the_image_leaves_no_key_though_the_source_repeats_it(extraction, rest, block, image):
    plan = extraction.plan(block())
    process = extraction.task(plan, PYTHONPATH=str(image), RUNTIME__LOG_LEVEL="DEBUG")
    assert extraction.finish(process) == 0, extraction.logs
    assert len(rest.asked) > 3
    assert extraction.logs.count("\n") == len(
        [line for line in extraction.logs.splitlines() if line[0] == "{"]
    )
    assert_nowhere(extraction)
    assert [path for path in extraction.folder.rglob("*") if path.is_file()] == [], "a task leaves no file"


@pytest.mark.parametrize("place", ["query", "header"])
@pytest.mark.parametrize("trouble", ["refused", "broken", "away", "moved", "elsewhere"])
def test_no_failure_tells_the_key(extraction, rest, block, place, trouble, capsys, caplog, monkeypatch):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr("containers.extract.rest_client.DELAY_SECONDS_MAX", 0.01)
    declared = block(place)
    if trouble == "refused":
        rest.rules.key = "another"
    elif trouble == "broken":
        rest.rules.fail_every = 1
    elif trouble == "away":
        declared["secret"] = extraction.secret_again({"value": KEY, "url": "http://127.0.0.1:1"})
    elif trouble == "moved":
        rest.rules.moved_to = f"http://127.0.0.1:1/?apikey={KEY}"
    else:
        rest.rules.next_url = f"http://localhost:1/?apikey={KEY}"
    report = extraction.run(declared)
    assert report["ok"] is False
    assert report["failure"]["transient"] is (trouble in ("broken", "away"))
    # botocore's own debug lines show what the test itself sends to Secrets Manager.
    lines = [record.getMessage() for record in caplog.records if not record.name.startswith("botocore")]
    extraction.logs = capsys.readouterr().out + "\n".join(lines)
    assert_nowhere(extraction)


def test_a_secret_may_be_bare_or_say_where_the_source_is():
    assert parse_secret("abc") == Secret(value="abc")
    assert parse_secret("12345678") == Secret(value="12345678")
    assert parse_secret('{"value": "abc", "url": "https://x"}') == Secret("abc", "https://x")
    assert parse_secret("mongodb://u:p@h/") == Secret(url="mongodb://u:p@h/")
    assert "abc" not in repr(Secret("abc", "https://x"))


def test_every_spelling_of_a_secret_is_taken_out():
    scrub = scrubber(Secret(KEY, "postgresql://user:p%40ss%2Fword@db.example.com/app?token=t0ken"))
    text = f"{KEY} {KEY!r} p@ss/word p%40ss%2Fword k3y%20with%2Fodd%2Bsigns%26such%3D%25 token=t0ken x"
    assert scrub(text) == "*** '***' *** *** *** *** x"
