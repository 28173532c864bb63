"""Images tried as they were pushed: the sample files, cleansed and built in them by their digests.

Docker runs a task as ECS does, by the image's own entry point and with the same environment. The S3 of the
trial is an emulator on this machine, which a task reaches by the host's network. What comes of it is thrown
away. The image `extract` does not run here: it needs the sources themselves.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from containers.dbt.project import ROOT
from tools.models.lake import BUILD, CLEANSE, TASK_SECONDS_MAX, Lake, NotTried, open_lake, said
from tools.models.plans import build_plan

IMAGE_OF = {CLEANSE: "cleanse", BUILD: "dbt"}
# Below the image's working directory; dbt writes it as the image is built.
MANIFEST_IN_IMAGE = "dbt_project/target/parse_state/duckdb-*/manifest.json"


class ImageLake(Lake):
    """A lake whose tasks run in images, `references` by name, and not from a tree."""

    def __init__(self, endpoint: str, folder: Path, references: dict[str, str], docker: str) -> None:
        super().__init__(endpoint, folder)
        self.references, self.docker = references, docker

    def _process(self, tree: Path, directory: Path, module: list[str], told: dict[str, str]) -> int:
        environment = {**self.environment, **told}
        named = [part for name in environment for part in ("--env", name)]
        image = self.references[IMAGE_OF[module[0]]]
        command = [self.docker, "run", "--rm", "--network", "host", *named, image]
        with directory.with_suffix(".log").open("ab") as log:
            given = {"env": {**os.environ, **environment}, "stdout": log, "stderr": log}
            return subprocess.run(command, timeout=TASK_SECONDS_MAX, check=False, **given).returncode


def try_images(references: dict[str, str], lanes: list[dict] | None = None, docker: str = "docker") -> bytes:
    """Builds the samples in the images, `<repository>@<digest>` by name; answers the manifest in dbt's.

    `lanes` are all of graph.json unless given. Raises NotTried when a task fails or a test of dbt does.
    """
    graph = lanes or json.loads((ROOT / "dbt_project" / "graph.json").read_text())["lanes"]
    with open_lake(lambda endpoint, folder: ImageLake(endpoint, folder, references, docker)) as lake:
        lake.load_raw(ROOT)
        for number, lane in enumerate(graph):
            silver = lake.cleanse(ROOT, lane["sources"])
            task = lake.run(ROOT, BUILD, build_plan(lane, f"tested-{number}", "standard", silver))
            if task.code != 0:
                raise NotTried(f"{references['dbt']} does not build {lane['lane']}:\n{said(task)}")
    return manifest_of(references["dbt"], docker)


def manifest_of(reference: str, docker: str = "docker") -> bytes:
    """The manifest by which an image builds. Raises NotTried when there is none in it, or more than one."""
    command = [docker, "run", "--rm", "--entrypoint", "sh", reference, "-c", f"cat {MANIFEST_IN_IMAGE}"]
    found = subprocess.run(command, capture_output=True, timeout=TASK_SECONDS_MAX, check=False)
    try:
        json.loads(found.stdout)
    except ValueError as error:
        raise NotTried(f"{reference} holds no manifest: {found.stderr.decode(errors='replace')}") from error
    return found.stdout
