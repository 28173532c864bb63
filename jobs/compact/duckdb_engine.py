"""Compaction on DuckDB: one group after another, so that disk and memory hold no more than one."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import rmtree

from jobs.cleanse.limits import FETCH_THREADS, MEMORY_SHARE_PERCENT, MIB
from jobs.cleanse.memory import memory_bytes
from jobs.compact.plan import CompactPlan, Group
from jobs.compact.values import check_same, columns_of, measure

# Enough for any number of files: what is open of each is its footer. More would only be more.
MEMORY_BYTES = 224 * MIB
# Each thread keeps a row group until it is full.
THREADS = 2
ROW_GROUP_BYTES = 32 * MIB
ROW_GROUP_ROWS = 122_880


class DuckdbCompactor:
    """Carries out a plan below a working directory."""

    def __init__(self) -> None:
        self.seconds = {"fetch": 0.0, "write": 0.0, "validate": 0.0, "store": 0.0}

    def compact(self, plan: CompactPlan, key: tuple[str, ...], store, work: Path) -> list[dict]:
        """The new file of each group, stored and validated. Raises ValuesDiffer, and then nothing counts."""
        db = _connect(work)
        return [self._one(db, plan, key, number, store, work) for number in range(len(plan.groups))]

    def _one(self, db, plan: CompactPlan, key: tuple[str, ...], number: int, store, work: Path) -> dict:
        group, folder = plan.groups[number], work / f"group-{number}"
        folder.mkdir()
        paths = self._timed("fetch", _fetch, group, store, folder)
        old, new = _relation(paths), _relation([folder / "new.parquet"])
        columns = columns_of(db, old)
        self._timed("write", db.execute, _copy_sql(old, folder / "new.parquet"))
        rows = self._timed("validate", _validate, db, (old, new), columns, key)
        target = f"{plan.pending_prefix}{number:04d}.parquet"
        stored = self._timed("store", store.upload, folder / "new.parquet", plan.silver_bucket, target)
        rmtree(folder)
        return {**stored, "day": group.day, "rows": rows, "files": len(group.parts)}

    def _timed(self, part: str, call, *arguments):
        started = time.monotonic()
        try:
            return call(*arguments)
        finally:
            self.seconds[part] += time.monotonic() - started


def _fetch(group: Group, store, folder: Path) -> list[Path]:
    paths = [folder / f"{place:05d}.parquet" for place in range(len(group.parts))]
    with ThreadPoolExecutor(FETCH_THREADS) as pool:
        list(pool.map(store.fetch, group.parts, paths))
    return paths


def _validate(db, relations: tuple[str, str], columns: dict[str, str], key: tuple[str, ...]) -> int:
    """Compares what was read with what was written; answers the rows."""
    old, new = relations
    before = measure(db, old, columns, key)
    after = measure(db, new, columns, key)
    check_same(before | {"columns": columns}, after | {"columns": columns_of(db, new)})
    return before["rows"]


def _relation(paths: list[Path]) -> str:
    """Older files may lack columns that came later: they are null there."""
    listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths)
    return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"


def _copy_sql(source: str, target: Path) -> str:
    name = str(target).replace("'", "''")
    sizes = f"ROW_GROUP_SIZE {ROW_GROUP_ROWS}, ROW_GROUP_SIZE_BYTES {ROW_GROUP_BYTES}"
    return (
        f"COPY (SELECT * FROM {source}) TO '{name}' "
        f"(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, {sizes})"
    )


def _connect(work: Path):
    import duckdb

    memory = min(memory_bytes() * MEMORY_SHARE_PERCENT // 100, MEMORY_BYTES)
    settings = {
        "memory_limit": f"{memory // 1024}KiB",
        "threads": THREADS,
        "temp_directory": str(work / "spill"),
        # Nothing is fetched from the network while a batch runs.
        "autoinstall_known_extensions": "false",
        # Silver is a multiset. To keep an order would keep whole row groups waiting.
        "preserve_insertion_order": "false",
    }
    db = duckdb.connect(":memory:", config=settings)
    db.execute("SET TimeZone = 'UTC'")
    # The footers of many small files would be read for each of the three looks at them.
    db.execute("SET parquet_metadata_cache = true")
    return db
