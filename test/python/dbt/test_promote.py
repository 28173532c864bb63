"""Promotion in a registry: tested images get another tag, their manifest comes along, nothing is built."""

import json
import os
import re

import boto3
import pytest

from tools.models import promote as module
from tools.models.lake import NotTried
from tools.models.promote import IMAGES, NotPromoted, Registry, main, promote, record

COMMIT, OTHER = "0123456789ab", "ba9876543210"
MANIFEST = b'{"nodes": {}}'


@pytest.fixture
def registry(aws_environment, monkeypatch) -> Registry:
    """An account's repositories, which keep their tags, with an image of one commit in each."""
    for name, value in aws_environment.items():
        monkeypatch.setenv(name, value)
    bucket = f"code-{os.urandom(4).hex()}"
    boto3.client("s3").create_bucket(Bucket=bucket)
    ecr = boto3.client("ecr")
    for name in IMAGES:
        ecr.create_repository(repositoryName=f"sluice/{name}", imageTagMutability="IMMUTABLE")
        push(name, COMMIT, "first")
    yield Registry(bucket)
    for name in IMAGES:
        ecr.delete_repository(repositoryName=f"sluice/{name}", force=True)


def push(name: str, tag: str, content: str) -> None:
    manifest = json.dumps({"schemaVersion": 2, "config": {"digest": f"{name} {content}"}})
    boto3.client("ecr").put_image(repositoryName=f"sluice/{name}", imageManifest=manifest, imageTag=tag)


def good(references: dict[str, str]) -> bytes:
    """Images that build the samples."""
    assert set(references) == set(IMAGES)
    for name, reference in references.items():
        assert re.search(rf"/sluice/{name}@sha256:[0-9a-f]{{64}}$", reference)
    return MANIFEST


def bad(references: dict[str, str]) -> bytes:
    raise NotTried(f"{references['dbt']} does not build finance")


def kept(registry: Registry, key: str):
    return json.loads(registry.read(key) or b"null")


def test_a_stage_gets_the_digests_that_were_tested_and_their_manifest(registry):
    tested = record(registry, COMMIT, good)
    promoted = promote(registry, COMMIT, "prod")
    assert promoted["images"] == tested["images"]
    assert kept(registry, "dbt/promoted/prod/promoted.json") == promoted
    assert registry.read("dbt/promoted/prod/manifest.json") == MANIFEST
    for name in IMAGES:
        image = registry.image(name, f"prod-{COMMIT}")
        assert image["imageId"]["imageDigest"] == tested["images"][name]
    assert promote(registry, COMMIT, "prod")["images"] == tested["images"]


def test_what_was_never_tested_is_not_promoted(registry):
    with pytest.raises(NotPromoted, match=f"no tests of commit {COMMIT} are on record"):
        promote(registry, COMMIT, "prod")
    with pytest.raises(NotPromoted, match=f"there is no image sluice/cleanse:{OTHER}"):
        record(registry, OTHER, good)
    assert registry.read("dbt/promoted/prod/promoted.json") is None


def test_another_image_under_the_tag_is_refused(registry):
    record(registry, COMMIT, good)
    boto3.client("ecr").batch_delete_image(repositoryName="sluice/dbt", imageIds=[{"imageTag": COMMIT}])
    push("dbt", COMMIT, "pushed after the tests")
    with pytest.raises(NotPromoted, match=f"sluice/dbt:{COMMIT} is not the image that was tested"):
        promote(registry, COMMIT, "prod")
    assert registry.read("dbt/promoted/prod/promoted.json") is None


def test_a_stages_tag_never_moves(registry):
    record(registry, COMMIT, good)
    push("extract", f"prod-{COMMIT}", "somebody's")
    with pytest.raises(NotPromoted, match=f"sluice/extract:prod-{COMMIT} is another image already"):
        promote(registry, COMMIT, "prod")


def test_images_that_do_not_build_the_samples_are_not_recorded(registry):
    with pytest.raises(NotTried, match="does not build finance"):
        record(registry, COMMIT, bad)
    with pytest.raises(NotPromoted, match=f"no tests of commit {COMMIT} are on record"):
        promote(registry, COMMIT, "prod")


def test_the_command_says_why_it_did_nothing(registry, capsys, monkeypatch):
    arguments = ["promote", "--commit", COMMIT, "--bucket", registry.bucket, "--stage", "prod"]
    assert main(arguments) == 1
    assert capsys.readouterr().err.startswith("not promoted: no tests of commit")
    # What `record` does with its own trial is proven with images that run (test_tested.py).
    monkeypatch.setattr(module, "try_images", bad)
    assert main(["record", *arguments[1:5]]) == 1
    assert capsys.readouterr().err.startswith("not recorded: ")
    monkeypatch.setattr(module, "try_images", good)
    assert main(["record", *arguments[1:5]]) == 0
    assert main(arguments) == 0
    assert registry.read(f"dbt/tested/{COMMIT}/{module.MANIFEST}") == MANIFEST
    with pytest.raises(SystemExit):
        main([*arguments[:-1], "no stage"])
