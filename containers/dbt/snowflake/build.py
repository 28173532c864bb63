"""A build whose models live in Snowflake: on a clone of the lane's schema, shown by a swap when all was good.

The lane's file in S3 has no rows then. It remembers, as elsewhere, which silver runs were read and from what
each model was built, so that a build knows what is new.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import Future
from pathlib import Path

import duckdb
from dbt.contracts.graph.manifest import Manifest

from containers.dbt import database
from containers.dbt.build import Build
from containers.dbt.inputs import note_inputs
from containers.dbt.plan import ON_SNOWFLAKE, BuildPlan
from containers.dbt.silver import SilverInput
from containers.dbt.snowflake.account import connect, read_account
from containers.dbt.snowflake.edition import WarehouseEdition
from containers.dbt.transform import StopBuild
from containers.dbt.warehouse import RAW_SOURCE, RawState, raw_tables
from jobs.failures import shortened
from jobs.task.log import log
from jobs.task.plan import PlanError
from jobs.task.storage import Storage, split_uri

# The silver that a macro loads there.
LOADERS = {"events": "copy_into_raw_events"}
MODES = ("standard", "source", "full_refresh")


class SnowflakeBuild(Build):
    """The same steps as on DuckDB; what differs is where the rows are and how they are shown."""

    def __init__(
        self, plan: BuildPlan, storage: Storage, directory: Path, seconds: dict[str, float], secret: str
    ) -> None:
        _check(plan)
        account = read_account(secret, directory)
        self._sql, self._close = connect(account)
        self.shown = WarehouseEdition(self._sql, account.database, plan.lane, plan.edition, account.readers)
        # Before parsing: the schema of every model stands in the manifest.
        os.environ.update(account.settings(self.shown.work))
        super().__init__(plan, storage, directory, seconds)
        self._of_project = self.fingerprint
        # A state of another edition than the one that is shown says nothing about it: then all is built anew.
        self.fingerprint = self._state_of(self.shown.shown())

    def run(self, fetched: Future) -> dict:
        """All steps; however they end, no clone is left."""
        try:
            return super().run(fetched)
        finally:
            self._end()

    def _end(self) -> None:
        try:
            self.shown.abandon()
            self._close()
        except Exception as error:
            # The next attempt drops it; what this one has found out counts more.
            log("clone_left", level="warn", schema=self.shown.work, error=shortened(str(error)))

    def _state_of(self, edition: str | None) -> str:
        return f"{self._of_project} snowflake {self.shown.live} {edition}"

    def read_raw(
        self, connection: duckdb.DuckDBPyConnection, manifest: Manifest, plan: BuildPlan
    ) -> RawState:
        """Rows and newest load of the tables that others load, as Snowflake has them."""
        state = {}
        for table in raw_tables(manifest, plan.domains):
            columns = [column for column in plan.refresh_columns if column in table.columns]
            asked = ", ".join(["count(*)", *(f"to_varchar(max({column}))" for column in columns)])
            ((count, *newest),) = self._sql(
                f"select {asked} from {table.database}.{RAW_SOURCE}.{table.identifier}"
            )
            state[table.identifier] = (count, max(filter(None, newest), default=None))
        return state

    def _transform(self, inputs: dict[str, SilverInput]) -> None:
        with self._timed("clone"):
            self.shown.begin()
        with self._timed("load"):
            for entity, given in inputs.items():
                self._load(entity, given)
        super()._transform(inputs)

    def _load(self, entity: str, given: SilverInput) -> None:
        """Silver's files of exactly the runs that this build reads; Snowflake knows which it has loaded."""
        files = sorted({split_uri(file)[1] for run in given.runs for file in run.files})
        arguments = {"runs": [run.run_id for run in given.runs], "files": files}
        outcome = self.project.invoke("run-operation", LOADERS[entity], "--args", json.dumps(arguments))
        if not outcome.success:
            said = [result.message for result in getattr(outcome.result, "results", ())]
            why = shortened(str(outcome.exception or " ".join(map(str, said))))
            raise StopBuild(f"{entity} was not loaded into Snowflake: {why}")

    def _publish(self) -> None:
        with self._timed("swap"):
            self.shown.publish()
        log("swapped", schema=self.shown.live, edition=self.plan.edition)
        with self._timed("store"):
            with database.open_database(self.database, with_s3=False) as connection:
                database.record_build(connection, self._state_of(self.plan.edition), self._merged_runs())
                note_inputs(connection, self.plan.edition, self.scope.choice.inputs)
            database.seal_database(self.database)
            size_bytes = self.storage.upload(self.database, self.plan.database_out)
        self.measures["database"] = {"uri": self.plan.database_out, "bytes": size_bytes}

    def _keep_partial(self) -> str | None:
        """A failed build leaves no clone, so the next attempt begins at the schema that is shown."""
        return None


def _check(plan: BuildPlan) -> None:
    if not {*plan.domains} <= ON_SNOWFLAKE:
        raise PlanError(f"on Snowflake there are {', '.join(sorted(ON_SNOWFLAKE))} only")
    if plan.mode not in MODES:
        raise PlanError(f"on Snowflake nothing is shown untested and nothing tried: no mode {plan.mode}")
    if unknown := plan.silver.keys() - LOADERS.keys():
        raise PlanError(f"no macro loads {', '.join(sorted(unknown))} into Snowflake")
