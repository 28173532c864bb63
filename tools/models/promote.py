"""Promotes images that were tested, with their manifest: `python -m tools.models.promote <command>`.

    record  --commit <commit> --bucket <code bucket>                  after the tests of a commit have passed
    promote --commit <commit> --bucket <code bucket> --stage <stage>  makes its images those of a stage

Images are pushed under their commit. `record` builds the samples in them by their digests, which needs
Docker, and keeps the digests with the manifest that it takes out of the dbt image; `promote` gives the same
digests another tag and makes that manifest the one of the stage. Neither builds an image.
"""

import argparse
import json
import re
import sys
from datetime import UTC, datetime

import boto3
from botocore.exceptions import ClientError

from tools.models.lake import NotTried
from tools.models.tested import try_images

IMAGES = ("cleanse", "dbt", "extract")
COMMIT, STAGE = re.compile(r"[0-9a-f]{12}"), re.compile(r"[a-z][a-z0-9]{0,15}")
MANIFEST = "manifest.json"


class NotPromoted(Exception):
    """Why nothing was promoted, for a person."""


class Registry:
    """The image repositories of an account, and its bucket for code."""

    def __init__(self, bucket: str) -> None:
        self.ecr, self.s3, self.bucket = boto3.client("ecr"), boto3.client("s3"), bucket

    def image(self, name: str, tag: str) -> dict:
        """The image under a tag: its manifest and its digest. Raises NotPromoted when there is none."""
        try:
            found = self.ecr.batch_get_image(repositoryName=f"sluice/{name}", imageIds=[{"imageTag": tag}])
        except ClientError as error:
            raise NotPromoted(f"sluice/{name}: {error.response['Error']['Message']}") from error
        if not found["images"]:
            raise NotPromoted(f"there is no image sluice/{name}:{tag}: push it, then record its tests")
        return found["images"][0]

    def reference(self, name: str, image: dict) -> str:
        """By which Docker finds this very image, whatever its tags are."""
        found = self.ecr.describe_repositories(repositoryNames=[f"sluice/{name}"])
        return f"{found['repositories'][0]['repositoryUri']}@{digest_of(image)}"

    def add_tag(self, name: str, image: dict, tag: str) -> None:
        """Gives an image one more tag. The same tag on the same image is no error; on another one it is."""
        kind = image.get("imageManifestMediaType")
        try:
            self.ecr.put_image(
                repositoryName=f"sluice/{name}",
                imageManifest=image["imageManifest"],
                imageTag=tag,
                **({"imageManifestMediaType": kind} if kind else {}),
            )
        except ClientError as error:
            known = ("ImageAlreadyExistsException", "ImageTagAlreadyExistsException")
            if error.response["Error"]["Code"] not in known:
                raise
        if digest_of(self.image(name, tag)) != digest_of(image):
            raise NotPromoted(f"sluice/{name}:{tag} is another image already, and tags never move")

    def read(self, key: str) -> bytes | None:
        """An object's bytes, or None."""
        try:
            return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except self.s3.exceptions.NoSuchKey:
            return None

    def write(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)


def digest_of(image: dict) -> str:
    """`sha256:...`, by which the stack names an image."""
    return image["imageId"]["imageDigest"]


def record(registry: Registry, commit: str, try_them) -> dict:
    """Tries the images of a commit, then keeps which they were and their manifest; answers what is on record.

    `try_them` takes their references by name and answers the manifest. Raises NotTried, with nothing on
    record, when the samples do not build in them.
    """
    found = {name: registry.image(name, commit) for name in IMAGES}
    manifest = try_them({name: registry.reference(name, image) for name, image in found.items()})
    tested = {"commit": commit, "images": {name: digest_of(image) for name, image in found.items()}}
    registry.write(f"dbt/tested/{commit}/{MANIFEST}", manifest)
    registry.write(f"dbt/tested/{commit}/tested.json", _json(tested))
    return tested


def promote(registry: Registry, commit: str, stage: str) -> dict:
    """Makes tested images those of a stage; answers what the stage has now. Once more changes nothing."""
    kept = registry.read(f"dbt/tested/{commit}/tested.json")
    manifest = registry.read(f"dbt/tested/{commit}/{MANIFEST}")
    if kept is None or manifest is None:
        raise NotPromoted(f"no tests of commit {commit} are on record: run `record` after they have passed")
    tested = json.loads(kept)
    found = {name: registry.image(name, commit) for name in IMAGES}
    for name, image in found.items():
        if digest_of(image) != tested["images"][name]:
            raise NotPromoted(f"sluice/{name}:{commit} is not the image that was tested")
    for name, image in found.items():
        registry.add_tag(name, image, f"{stage}-{commit}")
    promoted = {**tested, "stage": stage, "promotedAt": datetime.now(UTC).isoformat(timespec="seconds")}
    registry.write(f"dbt/promoted/{stage}/{MANIFEST}", manifest)
    # Last: whoever reads it finds everything that it names.
    registry.write(f"dbt/promoted/{stage}/promoted.json", _json(promoted))
    return promoted


def _json(value: dict) -> bytes:
    return json.dumps(value, indent=2).encode() + b"\n"


def _named(pattern: re.Pattern, what: str):
    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise argparse.ArgumentTypeError(f'"{text}" is no {what}')
        return text

    return check


def main(arguments: list[str]) -> int:
    """Runs one command; 0 when it did what it says, 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("record", "promote"):
        command = commands.add_parser(name)
        command.add_argument("--commit", type=_named(COMMIT, "commit of 12 hex digits"), required=True)
        command.add_argument("--bucket", required=True)
    command.add_argument("--stage", type=_named(STAGE, "stage"), required=True)
    options = parser.parse_args(arguments)
    registry = Registry(options.bucket)
    try:
        if options.command == "promote":
            print(json.dumps(promote(registry, options.commit, options.stage), indent=2))
        else:
            print(json.dumps(record(registry, options.commit, try_images), indent=2))
    except NotPromoted as error:
        print(f"not promoted: {error}", file=sys.stderr)
        return 1
    except NotTried as error:
        print(f"not recorded: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
