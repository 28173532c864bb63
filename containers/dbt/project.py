"""The dbt project on disk, its parse state, and one dbtRunner that never parses again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

from dbt.adapters.duckdb.__version__ import version as adapter_version
from dbt.artifacts.schemas.freshness import FreshnessResult
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt.version import __version__ as dbt_version

from jobs.task.log import log

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "dbt_project"
CONTRACTS = ROOT / "contracts" / "compiled"
PARSE_STATE = PROJECT / "target" / "parse_state"
KEPT_STATES = 4
# What dbt writes of a node that it skipped, but for its id.
SKIPPED = {
    **{"status": "skipped", "timing": [], "thread_id": "MainThread", "execution_time": 0.0},
    **{"adapter_response": {}, "message": None, "failures": None, "compiled": False},
    **{"compiled_code": None, "relation_name": None, "batch_results": None},
}
SOURCE_FOLDERS = ("models", "macros", "tests", "seeds", "snapshots", "packages")


def fingerprint() -> str:
    """A digest of everything that decides what a build computes: the project's files, contracts and dbt."""
    digest = hashlib.sha256(f"{dbt_version} {adapter_version}".encode())
    files = [PROJECT / "dbt_project.yml", PROJECT / "profiles.yml", *sorted(CONTRACTS.glob("*.json"))]
    for folder in SOURCE_FOLDERS:
        files += sorted(path for path in (PROJECT / folder).rglob("*") if path.is_file())
    for path in files:
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def parse(target: str, folder: Path) -> Manifest:
    """Parses the project, which takes seconds, and leaves dbt's parse state in a folder."""
    arguments = ["parse", "--quiet", "--no-partial-parse", *_options(target, folder, folder)]
    result = dbtRunner().invoke(arguments)
    if not result.success:
        raise RuntimeError(f"dbt parse failed for {target}: {result.exception}")
    return result.result


def keep_parse_state(target: str) -> Path:
    """The folder of the kept parse state, named by the fingerprint; parses only where it is not there yet."""
    kept = _kept_folder(target)
    if not kept.exists():
        PARSE_STATE.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=PARSE_STATE))
        parse(target, fresh)
        fresh.chmod(0o755)
        try:
            fresh.rename(kept)
        except OSError:
            # Another process was faster with the same state.
            shutil.rmtree(fresh)
        for stale in sorted(PARSE_STATE.iterdir(), key=lambda path: path.stat().st_mtime)[:-KEPT_STATES]:
            shutil.rmtree(stale, ignore_errors=True)
    return kept


def load_manifest(target: str, working_directory: Path) -> tuple[Manifest, Path]:
    """The manifest and the folder of its files; without a kept state it is parsed, and the log says so."""
    kept = _kept_folder(target)
    if kept.exists():
        manifest = Manifest.from_msgpack((kept / "partial_parse.msgpack").read_bytes())
        for node in manifest.nodes.values():
            if node.resource_type == "seed":
                # The state says where the project lay as it was parsed, which need not be where it lies now.
                node.root_path = str(PROJECT)
        manifest.build_flat_graph()
        log("manifest_loaded", parsed=False)
        return manifest, kept
    folder = working_directory / "parsed"
    manifest = parse(target, folder)
    log("manifest_loaded", parsed=True)
    return manifest, folder


def _kept_folder(target: str) -> Path:
    return PARSE_STATE / f"{target}-{fingerprint()[:16]}"


def _options(target: str, target_path: Path, log_path: Path) -> list[str]:
    return [
        *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target", target),
        *("--target-path", str(target_path), "--log-path", str(log_path), "--no-use-colors"),
    ]


class Project:
    """dbt in this process, with the manifest loaded once and all its output below the working directory."""

    def __init__(self, target: str, working_directory: Path) -> None:
        self.working_directory = working_directory
        self.target_path = working_directory / "target"
        self.log_path = working_directory / "logs"
        self._target = target
        self.manifest, self.state_folder = load_manifest(target, working_directory)
        os.environ["LAKE_DUCKDB_PATH"] = str(working_directory / "lake.duckdb")
        os.environ["LAKE_MODULE_PATH"] = str(ROOT)
        self._runner = dbtRunner(manifest=self.manifest, callbacks=[_log_event])
        self._run_results: list[dict] = []

    def invoke(self, *arguments: str):
        """Runs one dbt command; answers dbt's own result object."""
        options = _options(self._target, self.target_path, self.log_path)
        # dbt would write the whole manifest with each command; only the results are written, and here.
        quiet = ["--no-write-json", "--log-level", "none", "--log-level-file", "debug"]
        outcome = self._runner.invoke([*arguments, *quiet, *options])
        self._keep_results(outcome.result)
        return outcome

    def _keep_results(self, result) -> None:
        if isinstance(result, FreshnessResult):
            result.write(str(self.target_path / "sources.json"))
        elif isinstance(result, RunExecutionResult):
            written = self.target_path / "run_results.json"
            result.write(str(written))
            self._run_results.append(json.loads(written.read_text()))

    def keep_results(self, rows: list[dict]) -> None:
        """Adds the rows of an earlier attempt whose work is kept: then these results stand for themselves."""
        self._run_results.insert(0, {"results": rows})

    def note_skipped(self, node: str) -> None:
        """Adds a row for a node that a build had to do and never came to, as dbt writes one that it skips."""
        self._run_results.insert(0, {"results": [{**SKIPPED, "unique_id": node}]})

    def write_run_results(self) -> Path:
        """One run_results.json of all commands so far: each command rewrites dbt's own file."""
        merged = dict(self._run_results[-1]) if self._run_results else {"results": []}
        merged["results"] = [row for results in self._run_results for row in results["results"]]
        path = self.target_path / "run_results.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(merged))
        return path


LOGGED_EVENTS = {
    "LogModelResult",
    "LogTestResult",
    "LogFreshnessResult",
    "LogSeedResult",
    "LogSnapshotResult",
}


def _log_event(event) -> None:
    level = event.info.level
    if level in ("warn", "error") or event.info.name in LOGGED_EVENTS:
        log("dbt", level=level, name=event.info.name, message=event.info.msg[:2000])
