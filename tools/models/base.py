"""The models as a commit has them, built once from the samples: what a change of them is tried against.

Kept in a folder by commit: the manifest, and of each lane its database and the silver that it was made of.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path

from tools.models.changes import MANIFEST
from tools.models.lake import BUILD, Lake, NotTried, open_lake, said
from tools.models.plans import build_plan

DATABASE, SILVER = "lake.duckdb", "silver.json"
PREPARE_SECONDS_MAX = 300


class Base:
    """What is kept of a commit; what is not there yet is made when it is asked for."""

    def __init__(self, root: Path, commit: str, kept: Path) -> None:
        self.root, self.commit, self.folder = root, commit, kept / commit
        self._tree: Path | None = None

    def manifest(self, work: Path) -> Path:
        """The folder with the commit's manifest, parsed by its own code."""
        if not (self.folder / MANIFEST).exists():
            tree = self._checked_out(work)
            command = [sys.executable, "-m", "containers.dbt.prepare"]
            subprocess.run(command, cwd=tree, check=True, timeout=PREPARE_SECONDS_MAX)
            (parsed,) = (tree / "dbt_project" / "target" / "parse_state").glob(f"*/{MANIFEST}")
            self.folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(parsed, self.folder / MANIFEST)
            shutil.copy(tree / "dbt_project" / "graph.json", self.folder / "graph.json")
        return self.folder

    def lane(self, name: str, work: Path) -> Path | None:
        """The folder with a lane's database and silver, None where the commit has no such lane.

        Raises NotTried when the commit does not build.
        """
        lanes = json.loads((self.folder / "graph.json").read_text())["lanes"]
        found = next((lane for lane in lanes if lane["lane"] == name), None)
        if found is None:
            return None
        folder = self.folder / "lanes" / name
        if not folder.exists():
            tree = self._checked_out(work)
            fresh = Path(tempfile.mkdtemp(dir=work))
            with open_lake() as lake:
                _build(lake, tree, found, fresh)
            folder.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(fresh, folder)
        return folder

    def _checked_out(self, work: Path) -> Path:
        """The files of the commit, without touching the ones that lie here."""
        if self._tree is None:
            archive = subprocess.run(
                ["git", "archive", self.commit], cwd=self.root, check=True, capture_output=True
            )
            self._tree = work / "base"
            with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
                files.extractall(self._tree, filter="data")
        return self._tree


def _build(lake: Lake, tree: Path, graph: dict, folder: Path) -> None:
    """One build of a lane from nothing, as the first one of a stage is."""
    silver = lake.cleanse(tree, graph["sources"])
    lake.load_raw(tree)
    plan = build_plan(graph, "base", "standard", silver)
    task = lake.run(tree, BUILD, plan)
    if task.code != 0:
        raise NotTried(f"{graph['lane']} does not build as it was before the change:\n{said(task)}")
    (folder / DATABASE).write_bytes(lake.read(plan["database_out"].split("/", 3)[3]))
    (folder / SILVER).write_text(json.dumps(silver))
    lake.save("silver", folder / "silver")
