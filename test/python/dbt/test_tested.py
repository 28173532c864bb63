"""Images tried before they are recorded, by a Docker that runs what the Dockerfiles make as processes."""

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from containers.dbt.project import keep_parse_state
from local import images
from tools.models.lake import NotTried
from tools.models.tested import manifest_of, try_images

ROOT = Path(__file__).resolve().parents[3]
LANES = json.loads((ROOT / "dbt_project" / "graph.json").read_text())["lanes"]
FINANCE = [lane for lane in LANES if "finance" in lane["domains"]]
pytestmark = pytest.mark.full


@dataclass(frozen=True)
class Pushed:
    """Images by name, and the command that takes `docker run` for them."""

    references: dict[str, str]
    docker: str


@pytest.fixture(scope="module")
def pushed(tmp_path_factory) -> Pushed:
    folder = tmp_path_factory.mktemp("pushed")
    built = {name: images.build(name, ROOT, folder / "images").digest for name in ("cleanse", "dbt")}
    docker = folder / "docker"
    script = Path(__file__).with_name("docker_run.py")
    docker.write_text(
        f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} {script} {folder / "images"} "$@"\n'
    )
    docker.chmod(0o755)
    return Pushed(
        {name: f"x.test/sluice/{name}@sha256:{digest}" for name, digest in built.items()}, str(docker)
    )


def test_the_samples_are_built_in_the_images_and_the_manifest_is_the_one_inside(pushed, monkeypatch):
    # What the images do not hold cannot help them: neither this checkout nor its account.
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of whoever promotes")
    inside = json.loads(try_images(pushed.references, FINANCE, pushed.docker))
    own = json.loads(Path(keep_parse_state("duckdb"), "manifest.json").read_text())
    assert inside["nodes"].keys() == own["nodes"].keys()
    assert inside["metadata"]["invocation_id"] != own["metadata"]["invocation_id"]


def test_an_image_that_fails_is_not_recorded(pushed):
    digest = pushed.references["cleanse"].rpartition(":")[2]
    other = replace(pushed, references={**pushed.references, "dbt": f"x.test/sluice/cleanse@sha256:{digest}"})
    with pytest.raises(NotTried, match="does not build finance"):
        try_images(other.references, FINANCE, other.docker)
    with pytest.raises(NotTried, match="holds no manifest: cat: "):
        manifest_of(other.references["dbt"], other.docker)
