"""The image holds what the task needs and nothing that was not locked."""

import re
from pathlib import Path

import pytest
from cleanse_lake import BUCKETS, ndjson, price

from local.dockerfile import parse
from local.images import files_of, place_files

ROOT = Path(__file__).resolve().parents[3]
IMAGE = ROOT / "containers" / "cleanse"


@pytest.fixture
def image(tmp_path) -> Path:
    """The directory /app of the image, made from its COPY lines."""
    place_files(files_of(parse((IMAGE / "Dockerfile").read_text()), ROOT), tmp_path)
    return tmp_path / "app"


def test_the_task_runs_from_what_the_image_holds(image, task, s3_lake):
    plan = s3_lake.plan([s3_lake.land("a.ndjson", ndjson(price()))])
    uri = f"s3://{BUCKETS['artifacts']}/runs/{plan['run_id']}/attempt=1/plan.json"
    s3_lake.store.write_json(uri, plan)
    code, log = task(plan["run_id"], uri, PYTHONPATH=str(image))
    assert code == 0, log
    assert s3_lake.store.read_json(plan["report_uri"])["rows"]["out"] == 1


def test_every_locked_package_has_hashes_and_the_version_of_the_whole_project():
    lock = (IMAGE / "requirements.lock").read_text()
    whole = (ROOT / "requirements.lock").read_text()
    packages = re.findall(r"^(\S+==\S+)", lock, re.MULTILINE)
    assert {name.split("==")[0] for name in packages} >= {"boto3", "duckdb"}
    blocks = re.split(r"^(?=\S+==)", lock, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in block for block in blocks)
    assert [name for name in packages if not re.search(rf"^{re.escape(name)}\s", whole, re.MULTILINE)] == []
    assert "http" not in lock
