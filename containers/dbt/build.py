"""One build from plan to report: fetch the state, run dbt, export, reconcile, store."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

from containers.dbt import database, gold
from containers.dbt.graph import lane_graph
from containers.dbt.log import log
from containers.dbt.plan import BuildPlan, PlanError, SilverRun
from containers.dbt.project import CONTRACTS, Project, fingerprint
from containers.dbt.report import Findings, build_report, collect
from containers.dbt.silver import FilesUnknown, SilverInput, prepare_silver, runs_to_read
from containers.dbt.storage import Storage


class StopBuild(Exception):
    """dbt has said why this build cannot go on; the findings hold it, or the message does."""


class Build:
    """The state of one run. Nothing is exported or stored unless every step before it was good."""

    def __init__(self, plan: BuildPlan, storage: Storage, directory: Path, seconds: dict[str, float]) -> None:
        self.plan, self.storage, self.directory = plan, storage, directory
        self.database = directory / "lake.duckdb"
        self.findings = Findings()
        self.measures: dict = {"seconds": seconds}
        self.fingerprint = fingerprint()
        self.whole_lane = self.full_refresh = False
        with self._timed("manifest"):
            self.project = Project(plan.target, directory)
        self._check_lane()

    def _check_lane(self) -> None:
        """Raises PlanError when the planner and this image disagree on what a lane is."""
        for lane in lane_graph(self.project.manifest)["lanes"]:
            if lane["domains"] == sorted(self.plan.domains):
                if set(lane["sources"]) == set(self.plan.silver):
                    return
                raise PlanError(f"silver must name {', '.join(lane['sources'])}")
        raise PlanError(f"{', '.join(self.plan.domains)} is no lane of this project")

    def run(self, fetched: Future) -> dict:
        """All steps, then the artifacts; answers the report, whose verdict is the outcome."""
        error = None
        try:
            with self._timed("fetch"):
                fetched.result()
            inputs = self._prepare()
            self._transform(inputs)
            self._check_readers(inputs)
            self._publish()
        except StopBuild as stop:
            error = str(stop) or None
        except (gold.ExportError, FilesUnknown) as failure:
            error = str(failure)
        report = build_report(self.plan, self.findings, error, self.measures)
        self._upload_artifacts()
        return report

    def _prepare(self) -> dict[str, SilverInput]:
        with self._timed("prepare"), database.open_database(self.database) as connection:
            built = database.built_runs(connection)
            before = database.project_fingerprint(connection)
            self._choose_scope(before)
            self.reading = runs_to_read(self.plan, built, self.full_refresh)
            inputs = prepare_silver(connection, self.reading, CONTRACTS)
        self.measures["silver_rows"] = {entity: given.rows for entity, given in inputs.items()}
        for entity, given in inputs.items():
            log("silver", entity=entity, new_runs=len(given.runs), files=given.files, rows=given.rows)
        return inputs

    def _choose_scope(self, before: str | None) -> None:
        """A database that another project has built is built anew, from all the silver it ever read."""
        reason = None
        if before is None:
            reason = "first build"
        elif before != self.fingerprint:
            reason = "the project has changed since the last build"
        self.whole_lane = reason is not None
        self.full_refresh = self.whole_lane or self.plan.mode == "full_refresh"
        log("scope", whole_lane=self.whole_lane, full_refresh=self.full_refresh, reason=reason)

    def _transform(self, inputs: dict[str, SilverInput]) -> None:
        if any(node.resource_type == "seed" for node in self.project.manifest.nodes.values()):
            self._dbt("seed", "seed", "--select", *self._selectors())
        sources = [f"source:lake.{entity}" for entity in inputs]
        self._dbt("freshness", "source", "freshness", "--no-populate-cache", "--select", *sources)
        refresh = ["--full-refresh"] if self.full_refresh else []
        skipped = ["--exclude-resource-type", "unit_test"]
        self._dbt("build", "build", *refresh, *skipped, "--select", *self._selectors())

    def _selectors(self) -> list[str]:
        """The plan's selectors, each held inside the lane by intersection with its domains."""
        domains = [f"+group:{domain}" for domain in self.plan.domains]
        if self.whole_lane:
            return domains
        return [f"{selector},{domain}" for selector in self.plan.selectors for domain in domains]

    def _dbt(self, phase: str, *arguments: str) -> None:
        with self._timed(phase):
            outcome = self.project.invoke(*arguments)
        results = getattr(outcome.result, "results", None)
        collect(self.findings, self.project.manifest, results or [])
        if outcome.exception is not None:
            raise StopBuild(f"dbt {phase}: {' '.join(str(outcome.exception).split())[:500]}")
        if self.findings.verdict != "passed":
            raise StopBuild

    def _check_readers(self, inputs: dict[str, SilverInput]) -> None:
        """Stops a build whose silver has gone past a model: no later plan would list it again."""
        for entity, given in inputs.items():
            left_out = [
                node.name
                for node in self.project.manifest.nodes.values()
                if node.resource_type == "model"
                and f"source.lake.lake.{entity}" in node.depends_on_nodes
                and node.unique_id not in self.findings.built
            ]
            if given.runs and left_out:
                raise StopBuild(
                    f"the plan lists {len(given.runs)} new runs of {entity}, but its selectors leave out"
                    f" {', '.join(left_out)}, which would never see them"
                )

    def _publish(self) -> None:
        with self._timed("export"):
            gold.export_edition(self.project, self.plan)
            with database.open_database(self.database, with_s3=False) as connection:
                datasets = gold.reconcile_edition(connection, self.project, self.plan)
                self._count_models(connection)
                database.record_build(connection, self.fingerprint, self._merged_runs())
        with self._timed("store"):
            database.seal_database(self.database)
            size_bytes = self.storage.upload(self.database, self.plan.database_out)
        self.measures["datasets"] = datasets
        self.measures["database"] = {"uri": self.plan.database_out, "bytes": size_bytes}

    def _merged_runs(self) -> dict[str, list[SilverRun]]:
        """What was read now, and what the plan says of earlier runs: an older image kept no files."""
        return {entity: [*runs, *self.reading[entity]] for entity, runs in self.plan.silver.items()}

    def _count_models(self, connection) -> None:
        relations = {node.name: node.relation_name for node in self.project.manifest.nodes.values()}
        for model in self.findings.models:
            relation = relations[model["model"]]
            model["rows"] = connection.execute(f"select count(*) from {relation}").fetchone()[0]

    def _upload_artifacts(self) -> None:
        with self._timed("artifacts"):
            self.project.write_run_results()
            target, logs = self.project.target_path, self.project.log_path
            paths = [target / "run_results.json", target / "sources.json", logs / "dbt.log"]
            for path in [*paths, self.project.state_folder / "manifest.json"]:
                if path.exists():
                    self.storage.upload(path, self.plan.artifacts_prefix + path.name)

    @contextmanager
    def _timed(self, phase: str, clock: Callable[[], float] = time.monotonic):
        started = clock()
        try:
            yield
        finally:
            self.measures["seconds"][phase] = round(clock() - started, 3)
