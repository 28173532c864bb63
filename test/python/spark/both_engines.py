"""The same batch through both engines, and everything that may be compared."""

import json
from dataclasses import dataclass
from pathlib import Path

import duckdb
from cleanse_lake import BUCKETS, Lake
from folder_lake import FolderLake

from jobs.cleanse.plan import parse_plan
from jobs.cleanse.report import build_report
from jobs.cleanse.run import carry_out
from jobs.compiled import CompiledContract

SILVER, QUARANTINE = BUCKETS["silver"], BUCKETS["quarantine"]


@dataclass
class Run:
    """What one engine made of a batch: the report, silver by file and line, quarantine in a fixed order."""

    report: dict
    silver: dict
    types: list
    quarantine: list


class Batch:
    """Files of one batch, landed in one folder for all engines; `late` ones landed an hour after the
    others.
    """

    def __init__(self, folder: Path, contract: CompiledContract):
        self.folder, self.contract, self.inputs, self.runs = folder, contract, [], 0
        self.lake = Lake(FolderLake(folder / "lake"))

    def land(self, name: str, body: bytes, landed_at: str = "2026-11-21T09:00:00.123Z") -> dict:
        """Adds a file to the batch."""
        self.inputs.append(self.lake.land(name, body, landed_at))
        return self.inputs[-1]

    def run(self, engine_name: str, engine, inputs: list | None = None, run_id: str = "same") -> Run:
        """Carries the batch, or these inputs, out on one engine."""
        plan = self.lake.plan(self.inputs if inputs is None else inputs, engine=engine_name)
        plan = parse_plan(plan | {"entity": self.contract.entity, "run_id": run_id})
        work = self.folder / f"work-{self.lake.runs}"
        work.mkdir()
        report = build_report(plan, carry_out(plan, self.contract, self.lake.store, engine, work))
        silver, types = self._silver(report)
        return Run(report, silver, types, self._quarantine(report))

    def _silver(self, report: dict) -> tuple[dict, list]:
        paths = [str(self.folder / "lake" / SILVER / item["key"]) for item in report["files"]]
        if not paths:
            return {}, []
        db = duckdb.connect()
        db.execute("SET TimeZone = 'UTC'")
        found = db.execute("SELECT * FROM read_parquet(?, hive_partitioning = false)", [paths])
        names = [column[0] for column in found.description]
        types = [(column[0], str(column[1])) for column in found.description]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        return {(row["_source_file"], row["_source_line"], repr(row)) for row in rows}, types

    def _quarantine(self, report: dict) -> list:
        lines = []
        for item in report["quarantine"]:
            body = self.lake.store.get(QUARANTINE, item["key"])
            found = [json.loads(line) for line in body.split(b"\n") if line]
            assert len(found) == item["rows"] and {row["reason"] for row in found} == {item["reason"]}
            lines += found
        return sorted(lines, key=lambda row: (row["source_file"], row["line"] or 0, row["reason"]))


def comparable(report: dict) -> dict:
    """The parts of a report that every engine must agree on."""
    kept = ("rows", "reasons", "inputs", "drift", "schema_changes", "contract_version", "entity")
    days: dict = {}
    for item in report["files"]:
        day = f"{item['year']}-{item['month']}-{item['day']}"
        days[day] = days.get(day, 0) + item["rows"]
    quarantine = [{name: item[name] for name in ("reason", "rows")} for item in report["quarantine"]]
    return {name: report[name] for name in kept} | {"days": days, "quarantine": quarantine}
