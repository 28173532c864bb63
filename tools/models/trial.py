"""Builds and tests what a change of the models touches, on the sample data, and says what became of it.

    python -m tools.models.trial --base <commit> [--kept <folder>] [--out <folder>]

The project as it lies here is compared with that of the base commit, which is built once from the samples
and kept below `--kept`. Then the container builds the change in mode `ci` on a copy: what differs and what
reads it, all else deferred. `--out` gets a folder named by the commit with `comment.md`, `changes.json`,
`outcome.json`, the manifest and each lane's report, results and log. It needs git, and no AWS.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from containers.dbt.graph import lane_graph
from containers.dbt.project import ROOT, load_manifest
from containers.dbt.selection import Selection
from tools.models import outcome
from tools.models.base import DATABASE, SILVER, Base
from tools.models.changes import BUILT, MANIFEST, Changes, Refused, Selected, comment, compare, refused
from tools.models.lake import BUILD, Lake, NotTried, Task, open_lake, said
from tools.models.outcome import Lane
from tools.models.plans import bucket, build_plan

GOOD, BAD, NO_VERDICT = 0, 1, 2
RESULTS, UNIT_TESTS = "run_results.json", "tools.models.unit_tests"
ARTIFACTS = ("report.json", RESULTS, "dbt.log")


class Trial:
    """One change tried against one base; `out` gets the artifacts."""

    def __init__(self, base: Base, out: Path, work: Path) -> None:
        self.base, self.out, self.work = base, out, work
        self.state = base.manifest(work)

    def run(self) -> tuple[str, list[Lane]]:
        """The comment, and what each lane that the change touches came to. Raises Refused or NotTried."""
        found = compare(self.state, self.out)
        lanes = [self._lane(lane, ids, found) for lane, ids in self._touched(found)]
        text = json.dumps([asdict(lane) for lane in lanes], indent=2)
        (self.out / "outcome.json").write_text(text + "\n")
        told = frozenset(node.name for lane in lanes for node in lane.nodes)
        return outcome.report(lanes, self.base.commit) + comment(found, told), lanes

    def _touched(self, found: Changes) -> list[tuple[dict, set[str]]]:
        """The lanes of which the change selects anything, each with the ids of its nodes and tests."""
        manifest, _ = load_manifest("duckdb", self.work)
        selected = {one.node for one in found.selected}
        touched = []
        for lane in lane_graph(manifest)["lanes"]:
            selection = Selection(manifest, lane["domains"])
            nodes = {*selection.lane}
            units = (one for one in manifest.unit_tests.values() if nodes & {*one.depends_on_nodes})
            ids = {*nodes, *selection.tests, *(one.unique_id for one in units)}
            if ids & selected:
                touched.append((lane, ids))
        return touched

    def _lane(self, graph: dict, ids: set[str], found: Changes) -> Lane:
        kept = self.base.lane(graph["lane"], self.work)
        selected = [one for one in found.selected if one.node in ids]
        began = time.monotonic()
        with open_lake() as lake:
            task = self._built(lake, graph, kept)
            if task.report is None:
                raise NotTried(f"{graph['lane']}: the build left no report\n{said(task)}")
            results = self._results(lake, task, graph["lane"], selected)
            promoted, now = (_known(folder) for folder in (self.state, self.out))
            names = [one.node for one in selected if one.kind in BUILT]
            before = outcome.rows_of(kept / DATABASE, promoted, names) if kept else {}
            after = outcome.rows_of(task.directory / DATABASE, now, names)
        failures = outcome.failures_of(now, results)
        verdict = task.report["verdict"]
        return Lane(
            lane=graph["lane"],
            verdict="tests_failed" if failures and verdict in outcome.GOOD else verdict,
            error=task.report["error"],
            seconds=round(time.monotonic() - began, 1),
            nodes=outcome.nodes_of(selected, now, results, before, after),
            failures=failures,
            tests_run=outcome.tests_run(now, results),
        )

    def _built(self, lake: Lake, graph: dict, kept: Path | None) -> Task:
        """The change's build on what is kept; a lane that the base does not have is built from nothing."""
        silver = json.loads((kept / SILVER).read_text()) if kept else {}
        if kept:
            lake.restore("silver", kept / "silver")
        else:
            lake.load_raw(ROOT)
        silver |= lake.cleanse(ROOT, [entity for entity in graph["sources"] if entity not in silver])
        silver = {entity: silver[entity] for entity in graph["sources"]}
        if kept is None:
            return lake.run(ROOT, BUILD, build_plan(graph, "trial", "standard", silver))
        lake.put(kept / DATABASE, "base/lake.duckdb")
        lake.put(self.state / MANIFEST, f"base/{MANIFEST}")
        at = f"s3://{bucket('artifacts')}/base/"
        changed = {"selectors": ["state:modified+"], "state_uri": at, "database": {"uri": f"{at}{DATABASE}"}}
        return lake.run(ROOT, BUILD, build_plan(graph, "trial", "ci", silver, **changed))

    def _results(self, lake: Lake, task: Task, name: str, selected: list[Selected]) -> list[dict]:
        """What dbt said of each node, data test and unit test; keeps what the task left."""
        folder = self.out / name
        folder.mkdir(exist_ok=True)
        for artifact in ARTIFACTS:
            body = lake.read(task.artifacts + artifact)
            if body is not None:
                (folder / artifact).write_bytes(body)
        found = [folder / RESULTS] if (folder / RESULTS).exists() else []
        named = [one.node for one in selected if one.kind == "unit_test"]
        if named and task.report["verdict"] != "error":
            known = _known(self.out)
            done = lake.beside(ROOT, UNIT_TESTS, task, [".".join(known[node]["fqn"]) for node in named])
            found.append(Path(shutil.copy(done / RESULTS, folder / "unit_test_results.json")))
        return [row for path in found for row in json.loads(path.read_text())["results"]]


def _known(folder: Path) -> dict[str, dict]:
    return outcome.known(json.loads((folder / MANIFEST).read_text()))


def commit_of(root: Path, name: str) -> str:
    """The full id of a commit. Raises NotTried where git knows none of that name."""
    command = ["git", "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"]
    found = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if found.returncode != 0:
        raise NotTried(f"{name} is no commit of this clone: fetch it first")
    return found.stdout.strip()


def tried(base: str, kept: Path, out: Path) -> int:
    """Tries the change and writes its artifacts; answers the exit code."""
    folder = out / commit_of(ROOT, "HEAD")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sluice-trial-") as work:
        try:
            trial = Trial(Base(ROOT, commit_of(ROOT, base), kept), folder, Path(work))
            said_of, lanes = trial.run()
        except (Refused, NotTried) as stop:
            text = (
                refused(stop)
                if isinstance(stop, Refused)
                else f"### Models\n\nNot tried:\n\n```\n{stop}\n```\n"
            )
            (folder / "comment.md").write_text(text)
            print(stop, file=sys.stderr)
            return BAD if isinstance(stop, Refused) else NO_VERDICT
    (folder / "comment.md").write_text(said_of)
    print(said_of, end="")
    return GOOD if all(lane.is_good for lane in lanes) else BAD


def main(arguments: list[str]) -> int:
    """0 when all that a change builds was built and its tests passed, 1 when not, 2 without a verdict."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", required=True, help="the commit that the change is compared with")
    parser.add_argument("--kept", type=Path, default=ROOT / ".sluice" / "models")
    parser.add_argument("--out", type=Path, default=ROOT / ".sluice" / "trials")
    options = parser.parse_args(arguments)
    return tried(options.base, options.kept.resolve(), options.out.resolve())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
