"""One build from plan to report: fetch the state, run dbt, export, reconcile, store."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import duckdb

from containers.dbt import database, gold
from containers.dbt.compacted import follow
from containers.dbt.graph import lane_graph
from containers.dbt.plan import BuildPlan, SilverRun
from containers.dbt.project import CONTRACTS, Project, fingerprint
from containers.dbt.quality import domain_scores
from containers.dbt.report import Findings, build_report
from containers.dbt.retry import (
    NoRetry,
    Retry,
    check_work,
    note_work,
    plan_retry,
    read_results,
    retried,
    work_of,
)
from containers.dbt.silver import FilesUnknown, SilverInput, prepare_silver, runs_to_read
from containers.dbt.state import PARTIAL, STORAGE_ERRORS, fetch_database
from containers.dbt.transform import StopBuild, Transform
from containers.dbt.warehouse import note_seen, prepare_raw, raw_state, seen_state
from jobs.failures import shortened
from jobs.task.log import log
from jobs.task.plan import PlanError
from jobs.task.storage import Storage


class Build:
    """The state of one run. Nothing is exported or stored unless every step before it was good."""

    def __init__(self, plan: BuildPlan, storage: Storage, directory: Path, seconds: dict[str, float]) -> None:
        self.plan, self.storage, self.directory = plan, storage, directory
        self.database = directory / "lake.duckdb"
        self.findings = Findings(waive_tests=plan.waive_tests)
        self.measures: dict = {"seconds": seconds}
        self.fingerprint = fingerprint()
        self.work = work_of(plan, self.fingerprint)
        self.whole_lane = self.full_refresh = False
        self.retry: Retry | None = None
        with self._timed("manifest"):
            self.project = Project(plan.target, directory)
        # After parsing: what a model masks follows the stage, the names of its relations do not.
        os.environ["SLUICE_STAGE"] = plan.stage
        self.transform = Transform(plan, self.project, self.findings, self._timed)
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
                results_of_earlier = fetched.result()
            inputs = self._prepare(results_of_earlier)
            if self.unchanged:
                log("unchanged", raw=self.raw)
                return build_report(self.plan, self.findings, None, self.measures, unchanged=True)
            self.transform.run(list(inputs), self.whole_lane, self.full_refresh, self.retry)
            self.transform.check_readers(inputs)
            self._publish()
        except StopBuild as stop:
            error = str(stop) or None
        except (gold.ExportError, FilesUnknown) as failure:
            error = str(failure)
        if error or self.findings.verdict != "passed":
            self.measures["partial_database"] = self._keep_partial()
        self.measures["scores"] = domain_scores(
            self.project.manifest, self.plan.domains, self.findings.checks
        )
        self.measures["retried"] = retried(self.retry, self.project)
        report = build_report(self.plan, self.findings, error, self.measures)
        self._upload_artifacts()
        return report

    def _prepare(self, results_of_earlier: Path | None) -> dict[str, SilverInput]:
        with self._timed("prepare"):
            self.retry = self._go_on(results_of_earlier)
            with database.open_database(self.database) as connection:
                built = follow(connection, database.built_runs(connection), self.plan.moved)
                self._choose_scope(database.project_fingerprint(connection))
                self.reading = runs_to_read(self.plan, built, self.full_refresh)
                inputs = prepare_silver(connection, self.reading, CONTRACTS)
                prepare_raw(connection, self.project.manifest, self.plan)
                self.raw = raw_state(connection, self.project.manifest, self.plan)
                changed = self.raw != seen_state(connection) or any(given.runs for given in inputs.values())
                self.unchanged = self.plan.only_if_new and not (changed or self.whole_lane or self.retry)
                note_work(connection, self.work)
        self.measures["silver_rows"] = {entity: given.rows for entity, given in inputs.items()}
        for entity, given in inputs.items():
            log("silver", entity=entity, new_runs=len(given.runs), files=given.files, rows=given.rows)
        return inputs

    def _go_on(self, results_of_earlier: Path | None) -> Retry | None:
        """What is left of the earlier attempt that the plan names, or None: then the whole is built."""
        if self.plan.retry_of is None:
            return None
        try:
            if results_of_earlier is None:
                raise NoRetry("the earlier attempt left no database or no run results")
            with database.open_database(self.database, with_s3=False) as connection:
                check_work(connection, self.work)
            return plan_retry(self.plan.retry_of, self.project.manifest, read_results(results_of_earlier))
        except (NoRetry, duckdb.Error) as refusal:
            log("not_retried", of=self.plan.retry_of, reason=str(refusal))
            self.measures["not_retried"] = shortened(str(refusal))
        if results_of_earlier is not None:
            self.database.unlink(missing_ok=True)
            fetch_database(self.plan, self.storage, self.database)
        return None

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

    def _publish(self) -> None:
        with self._timed("export"):
            gold.export_edition(self.project, self.plan)
            with database.open_database(self.database, with_s3=False) as connection:
                datasets = gold.reconcile_edition(connection, self.project, self.plan)
                self._count_models(connection)
                database.record_build(connection, self.fingerprint, self._merged_runs())
                note_seen(connection, self.raw)
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

    def _keep_partial(self) -> str | None:
        """Stores the database of a failed build beside its run results, for the next attempt; answers where.

        Where that is not possible, the next attempt builds everything, and the verdict stands all the same.
        """
        if not self.transform.complete:
            return None
        uri = self.plan.artifacts_prefix + PARTIAL
        try:
            with self._timed("partial"):
                database.seal_database(self.database)
                self.storage.upload(self.database, uri)
        except (OverflowError, duckdb.Error, *STORAGE_ERRORS) as error:
            log("partial_database_lost", level="warn", error=shortened(str(error)))
            return None
        return uri

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
            seconds = self.measures["seconds"]
            seconds[phase] = round(seconds.get(phase, 0) + clock() - started, 3)
