"""The cleanse on DuckDB: one process, memory bounded, for batches that fit one machine's disk."""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from jobs.cleanse import duckdb_results as results
from jobs.cleanse import duckdb_sql as sql
from jobs.cleanse.drift import likely_unknown, line_of
from jobs.cleanse.limits import DRIFT_SAMPLE_CHARACTERS, FETCH_THREADS, MEMORY_SHARE_PERCENT
from jobs.cleanse.memory import memory_bytes, peak_memory_bytes
from jobs.cleanse.plan import Plan, landed_text
from jobs.cleanse.prepare import Prepared, prepare
from jobs.cleanse.report import CountsDisagree, InputCount, Outcome
from jobs.cleanse.schema_change import schema_changes
from jobs.compiled import CompiledContract


class DuckdbEngine:
    """Carries out a plan below a working directory; `exact_only` leaves out the cheap first test."""

    def __init__(self, exact_only: bool = False, threads: int | None = None, memory: int | None = None):
        self.exact_only = exact_only
        self.threads = threads
        self.memory = memory

    def cleanse(self, plan: Plan, contract: CompiledContract, store, work: Path) -> Outcome:
        """Reads, judges and stores the whole batch; returns the counts and what was stored."""
        started = time.monotonic()
        prepared = self._read(plan, contract, store, work)
        read = time.monotonic()
        batch = _Batch(self._connect(work), plan, contract, prepared)
        batch.judge(work, self.exact_only)
        judged = time.monotonic()
        outcome = batch.outcome()
        outcome.files = batch.write_silver(store, work)
        outcome.quarantine = batch.write_quarantine(store, work, outcome.reasons)
        done = time.monotonic()
        outcome.seconds = {"read": read - started, "rules": judged - read, "write": done - judged}
        outcome.seconds["total"] = done - started
        outcome.peak_memory_bytes = peak_memory_bytes()
        return outcome

    def _read(self, plan: Plan, contract: CompiledContract, store, work: Path) -> list[Prepared]:
        with ThreadPoolExecutor(FETCH_THREADS) as pool:
            tasks = [
                pool.submit(prepare, item, place, contract.required, store, work)
                for place, item in enumerate(plan.inputs)
            ]
            return [task.result() for task in tasks]

    def _connect(self, work: Path):
        import duckdb

        memory = self.memory or memory_bytes() * MEMORY_SHARE_PERCENT // 100
        settings = {
            "memory_limit": f"{memory // 1024}KiB",
            "temp_directory": str(work / "spill"),
            # Nothing is fetched from the network while a batch runs.
            "autoinstall_known_extensions": "false",
        }
        if self.threads:
            settings["threads"] = self.threads
        db = duckdb.connect(":memory:", config=settings)
        db.execute("SET TimeZone = 'UTC'")
        return db


class _Batch:
    """One batch inside one DuckDB connection."""

    def __init__(self, db, plan: Plan, contract: CompiledContract, prepared: list[Prepared]):
        self.db, self.plan, self.contract, self.prepared = db, plan, contract, prepared
        self.unknown: list[str] = []
        self.readable = [place for place, item in enumerate(prepared) if item.path is not None]
        self.replayed = any(item.numbers for item in prepared)
        self.days = sorted({item.landed_at.strftime("%Y-%m-%d") for item in plan.inputs})

    def judge(self, work: Path, exact_only: bool) -> None:
        """Stages the lines, judges the doubtful ones, and finds the duplicates."""
        self._declare_sources()
        if self.replayed:
            self._declare_lines(work / "origins.csv")
        paths = [str(self.prepared[place].path) for place in self.readable]
        if not paths:
            # The tables must exist, though empty, where no file of the batch can be read.
            (work / "nothing").touch()
            paths = [str(work / "nothing")]
        if not exact_only:
            files = [self.prepared[place].path for place in self.readable]
            self.unknown = likely_unknown(files, self.contract.columns)
        self.db.execute(sql.stage_sql(self.contract, paths, self.unknown, exact_only))
        self._check_lines()
        self.db.execute(sql.judge_sql(self.contract))
        self.db.execute(sql.accepted_sql(self.contract))
        self.db.execute(sql.losers_sql(self.contract))
        spools = [str(item.rejects.path) for item in self.prepared if item.rejects.rows]
        self.db.execute(results.rejects_sql(spools, self.replayed))

    def _declare_sources(self) -> None:
        self.db.execute(results.SOURCES_SQL)
        first, rows = 0, []
        file_of = {place: number for number, place in enumerate(self.readable)}
        for place, item in enumerate(self.plan.inputs):
            number = file_of.get(place)
            day, stamp = item.landed_at.strftime("%Y-%m-%d"), landed_text(item)
            rows.append([place, number, first, item.key, item.version_id, stamp, stamp, day])
            first += self.prepared[place].lines
        for start in range(0, len(rows), 500):
            part = rows[start : start + 500]
            values = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?)"] * len(part))
            self.db.execute(f"INSERT INTO sources VALUES {values}", [value for row in part for value in row])

    def _declare_lines(self, path: Path) -> None:
        """Rows from quarantine bring the numbers of their lines along."""
        first = 0
        with path.open("wb") as out:
            for item in self.prepared:
                if item.numbers:
                    with item.numbers.open("rb") as numbers:
                        out.writelines(b"%d,%s" % (first + at, line) for at, line in enumerate(numbers))
                first += item.lines
        self.db.execute(results.origins_sql(str(path)))

    def _check_lines(self) -> None:
        """Line numbers are counted outside and positions inside the engine: both must see the same lines."""
        counted = dict(self.db.execute("SELECT f, COUNT(*) FROM staged GROUP BY f").fetchall())
        for number, place in enumerate(self.readable):
            if counted.get(number, 0) != self.prepared[place].lines:
                seen = f"{counted.get(number, 0)} lines read, {self.prepared[place].lines} counted"
                raise CountsDisagree(f"{self.plan.inputs[place].key}: {seen}")

    def outcome(self) -> Outcome:
        """The fate of every row, by input and by first reason, and the unknown columns."""
        counts = {
            name: dict(self.db.execute(f"SELECT s.place, COUNT(*) FROM {query} GROUP BY 1").fetchall())
            for name, query in {
                "accepted": "accepted JOIN sources s USING (f)",
                "duplicates": "losers JOIN sources s USING (f)",
                "rejected": "rejects s",
            }.items()
        }
        inputs = []
        for place, item in enumerate(self.plan.inputs):
            accepted, duplicates, rejected = (counts[name].get(place, 0) for name in counts)
            problem = self.prepared[place].problem
            count = InputCount(item.key, item.version_id, accepted + rejected, problem=problem)
            count.out, count.duplicates, count.rejected = accepted - duplicates, duplicates, rejected
            inputs.append(count)
        reasons = dict(self.db.execute("SELECT reason, COUNT(*) FROM rejects GROUP BY 1").fetchall())
        outcome = Outcome(inputs=inputs, reasons=reasons, drift=self._drift())
        if reasons:
            broken, look = results.broken_rules(self.db), partial(results.look_at, self.db)
            outcome.schema_changes = schema_changes(self.plan, self.contract, inputs, broken, look)
        return outcome

    def _drift(self) -> list[dict]:
        found = []
        for name, rows, position in self.db.execute(results.drift_sql(self.unknown)).fetchall():
            query = (
                "SELECT place, key, ? - first + 1 FROM staged t JOIN sources s USING (f) WHERE t.rowid = ?"
            )
            place, first_file, line = self.db.execute(query, [position, position]).fetchone()
            pointer = "/" + name.replace("~", "~0").replace("/", "~1")
            text = line_of(self.prepared[place].path, line)
            (sample,) = self.db.execute("SELECT json_extract_string(?, ?)", [text, pointer]).fetchone()
            sample = sample if sample is None else sample[:DRIFT_SAMPLE_CHARACTERS]
            found.append({"column": name, "rows": rows, "first_file": first_file, "sample": sample})
        return found

    def write_silver(self, store, work: Path) -> list[dict]:
        """One Parquet file per arrival day, stored below the pending prefix."""
        stored = []
        for day in self.days:
            path = work / f"{day}.parquet"
            rows = self.db.execute(
                results.silver_sql(self.contract, self.plan, day, str(path), self.replayed)
            ).fetchone()[0]
            if rows:
                year, month, date = day.split("-")
                key = f"{self.plan.pending_prefix}year={year}/month={month}/day={date}/part-0.parquet"
                item = store.upload(path, self.plan.silver_bucket, key)
                stored.append({"key": key, "etag": item["etag"], "rows": rows, "bytes": item["bytes"]})
                stored[-1] |= {"year": year, "month": month, "day": date}
            path.unlink(missing_ok=True)
        return stored

    def write_quarantine(self, store, work: Path, reasons: dict) -> list[dict]:
        """One file of JSON lines per reason, stored below the quarantine's prefix of this attempt."""
        stored = []
        for reason in sorted(reasons):
            path = work / f"{reason}.ndjson"
            self.db.execute(results.quarantine_sql(reason, str(path)))
            head = f"entity={self.plan.entity}/reason={reason}/"
            key = f"{head}{self.plan.quarantine_prefix_tail}rejected.ndjson"
            size_bytes = store.upload(path, self.plan.quarantine_bucket, key)["bytes"]
            stored.append({"reason": reason, "key": key, "rows": reasons[reason], "bytes": size_bytes})
            path.unlink()
        return stored
