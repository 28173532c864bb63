"""The dbt project on disk, its parse state, and one dbtRunner that never parses again."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt.version import __version__ as dbt_version

from containers.dbt.log import log

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "dbt_project"
CONTRACTS = ROOT / "contracts" / "compiled"
PARSE_STATE = PROJECT / "target" / "parse_state"
SOURCE_FOLDERS = ("models", "macros", "tests", "seeds", "snapshots", "packages")


def fingerprint() -> str:
    """A digest of everything that decides what a build computes: the project's files, contracts and dbt."""
    digest = hashlib.sha256(dbt_version.encode())
    files = [PROJECT / "dbt_project.yml", PROJECT / "profiles.yml", *sorted(CONTRACTS.glob("*.json"))]
    for folder in SOURCE_FOLDERS:
        files += sorted(path for path in (PROJECT / folder).rglob("*") if path.is_file())
    for path in files:
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def save_parse_state(target: str) -> Manifest:
    """Parses the project once for a target and keeps the result; the image runs this while it is built."""
    folder = PARSE_STATE / target
    folder.mkdir(parents=True, exist_ok=True)
    arguments = ["parse", "--quiet", "--no-partial-parse", *_options(target, folder, folder)]
    result = dbtRunner().invoke(arguments)
    if not result.success:
        raise RuntimeError(f"dbt parse failed for {target}: {result.exception}")
    (folder / "fingerprint").write_text(fingerprint())
    return result.result


def load_manifest(target: str) -> tuple[Manifest, Path]:
    """The kept manifest and its folder; a project that changed since is parsed again, and the log says so."""
    folder = PARSE_STATE / target
    kept = folder / "fingerprint"
    if kept.exists() and kept.read_text() == fingerprint():
        manifest = Manifest.from_msgpack((folder / "partial_parse.msgpack").read_bytes())
        manifest.build_flat_graph()
        log("manifest_loaded", parsed=False)
        return manifest, folder
    manifest = save_parse_state(target)
    log("manifest_loaded", parsed=True)
    return manifest, folder


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
        self.manifest, self.state_folder = load_manifest(target)
        os.environ["LAKE_DUCKDB_PATH"] = str(working_directory / "lake.duckdb")
        os.environ["LAKE_MODULE_PATH"] = str(ROOT)
        self._runner = dbtRunner(manifest=self.manifest, callbacks=[_log_event])
        self._run_results: list[dict] = []

    def invoke(self, *arguments: str):
        """Runs one dbt command; answers dbt's own result object."""
        options = _options(self._target, self.target_path, self.log_path)
        result = self._runner.invoke(
            [*arguments, "--log-level", "none", "--log-level-file", "debug", *options]
        )
        written = self.target_path / "run_results.json"
        if written.exists():
            self._run_results.append(json.loads(written.read_text()))
            written.unlink()
        return result

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
