"""One build from plan to report: fetch the state, run dbt, export, reconcile, store."""

from __future__ import annotations

import os
from concurrent.futures import Future
from pathlib import Path

import duckdb

from containers.dbt import database, gold
from containers.dbt.artifacts import artifacts_of
from containers.dbt.compacted import follow
from containers.dbt.graph import check_lane
from containers.dbt.inputs import known_inputs, note_inputs, source_versions
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
from containers.dbt.scope import (
    WITHOUT_STATE,
    Scope,
    reads_everything,
    scope_of,
    why_whole_lane,
)
from containers.dbt.silver import FilesUnknown, SilverInput, prepare_silver, runs_to_read
from containers.dbt.state import PARTIAL, STORAGE_ERRORS, fetch_database, fetch_promoted
from containers.dbt.timing import stopwatch
from containers.dbt.transform import StopBuild, Transform, check_readers
from containers.dbt.warehouse import raw_tables, read_raw
from jobs.failures import shortened
from jobs.task.log import log
from jobs.task.storage import Storage


class Build:
    """The state of one run. Nothing is exported or stored unless every step before it was good."""

    read_raw = staticmethod(read_raw)

    def __init__(self, plan: BuildPlan, storage: Storage, directory: Path, seconds: dict[str, float]) -> None:
        self.plan, self.storage, self.directory = plan, storage, directory
        self.database = directory / "lake.duckdb"
        self.findings = Findings(waive_tests=plan.waive_tests)
        self.measures: dict = {"seconds": seconds, "cpu_seconds": {}}
        self.fingerprint = fingerprint()
        self.work = work_of(plan, self.fingerprint)
        self.scope = Scope()
        self.retry: Retry | None = None
        self._timed = stopwatch(seconds, self.measures["cpu_seconds"])
        with self._timed("manifest"):
            self.project = Project(plan.target, directory)
        # After parsing: what a model masks follows the stage, the names of its relations do not.
        os.environ["SLUICE_STAGE"] = plan.stage
        self.transform = Transform(self.project, self.findings, self._timed, plan.waive_tests)
        check_lane(self.project.manifest, plan)

    def run(self, fetched: Future) -> dict:
        """All steps, then the artifacts; answers the report, whose verdict is the outcome."""
        error = None
        try:
            with self._timed("fetch"):
                results_of_earlier = fetched.result()
            inputs = self._prepare(results_of_earlier)
            if self._has_nothing_to_do(inputs):
                log("unchanged", models=len(self.scope.choice.leaves))
                return self._report(None, unchanged=True)
            self._transform(inputs)
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
        report = self._report(error)
        self._upload_artifacts()
        return report

    def _has_nothing_to_do(self, inputs: dict[str, SilverInput]) -> bool:
        """New silver that the selectors leave out is no rest: it must not be forgotten without a word."""
        forgets = self.plan.mode not in WITHOUT_STATE and any(given.fresh for given in inputs.values())
        return not (self.scope.steps or self.retry or forgets)

    def _report(self, error: str | None, unchanged: bool = False) -> dict:
        return build_report(self.plan, self.findings, error, self.measures, self.scope, unchanged)

    def _prepare(self, results_of_earlier: Path | None) -> dict[str, SilverInput]:
        with self._timed("prepare"):
            self.retry = self._go_on(results_of_earlier)
            promoted = fetch_promoted(self.plan, self.storage, self.directory / "promoted")
            selection = self.selection = self.transform.selection(self.plan.domains, promoted)
            with database.open_database(self.database) as connection:
                built = follow(connection, database.built_runs(connection), self.plan.moved)
                before = database.project_fingerprint(connection)
                whole_lane = why_whole_lane(self.plan, before, self.fingerprint)
                everything = reads_everything(self.plan, whole_lane)
                self.reading = runs_to_read(self.plan, built, everything)
                inputs = prepare_silver(connection, self.reading, CONTRACTS, built)
                raw = self.read_raw(connection, self.project.manifest, self.plan)
                silver = {
                    entity: {*built.get(entity, ()), *(run.run_id for run in runs)}
                    for entity, runs in self.reading.items()
                }
                sources = source_versions(selection, silver, raw)
                known = known_inputs(connection)
                self.scope = scope_of(self.plan, selection, known, sources, whole_lane, self.retry)
                note_work(connection, self.work, self.scope.choice.inputs)
        self.measures["silver_rows"] = {entity: given.rows for entity, given in inputs.items()}
        for entity, given in inputs.items():
            log("silver", entity=entity, new_runs=len(given.runs), files=given.files, rows=given.rows)
        log("scope", whole_lane=whole_lane is not None, full_refresh=everything, reason=whole_lane)
        return inputs

    def _transform(self, inputs: dict[str, SilverInput]) -> None:
        """dbt's part; then what is to be seen is exported, and what later builds start from is stored."""
        loaded = raw_tables(self.project.manifest, self.plan.domains)
        sources = [*(f"source:lake.{entity}" for entity in inputs), *(f"source:raw.{t.name}" for t in loaded)]
        self.transform.run(self.scope.steps, [] if self.plan.mode in ("fast", "ci") else sources, self.retry)
        if self.plan.mode not in WITHOUT_STATE:
            check_readers(self.selection, inputs, self.findings.built)
        if self.plan.mode not in ("ci", "test"):
            self._publish()

    def _go_on(self, results_of_earlier: Path | None) -> Retry | None:
        """What is left of the earlier attempt that the plan names; None: then the whole is built."""
        if self.plan.retry_of is None:
            return None
        try:
            if results_of_earlier is None:
                raise NoRetry("the earlier attempt left no database or no run results")
            with database.open_database(self.database, with_s3=False) as connection:
                inputs = check_work(connection, self.work)
            results = read_results(results_of_earlier)
            return plan_retry(self.plan.retry_of, self.project.manifest, results, inputs)
        except (NoRetry, duckdb.Error) as refusal:
            log("not_retried", of=self.plan.retry_of, reason=str(refusal))
            self.measures["not_retried"] = shortened(str(refusal))
        if results_of_earlier is not None:
            self.database.unlink(missing_ok=True)
            fetch_database(self.plan, self.storage, self.database)
        return None

    def _publish(self) -> None:
        opened = database.open_database(self.database, with_s3=False)
        with self._timed("export"), opened as connection:
            gold.export_edition(connection, self.storage, self.project, self.plan)
            datasets = gold.reconcile_edition(connection, self.project, self.plan)
            gold.count_models(connection, self.project.manifest, self.findings.models)
            database.record_build(connection, self.fingerprint, self._merged_runs())
            note_inputs(connection, self.plan.edition, self.scope.choice.inputs)
        with self._timed("store"):
            database.seal_database(self.database)
            size_bytes = self.storage.upload(self.database, self.plan.database_out)
        self.measures["datasets"] = datasets
        self.measures["database"] = {"uri": self.plan.database_out, "bytes": size_bytes}

    def _merged_runs(self) -> dict[str, list[SilverRun]]:
        """What was read now, and what the plan says of earlier runs: an older image kept no files."""
        return {entity: [*runs, *self.reading[entity]] for entity, runs in self.plan.silver.items()}

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
            for path in artifacts_of(self.project, self.findings.verdict == "passed"):
                if path.exists():
                    self.storage.upload(path, self.plan.artifacts_prefix + path.name)
