"""Silver files, one at a time: which of their rows are the subject's, and the same file without these."""

from pathlib import Path

from jobs.compact.plan import Part

READ = "read_parquet(?, hive_partitioning = false)"


class SilverFiles:
    """Files of one entity by the value of one column; `sources` are the raw files of what was found."""

    def __init__(self, column: str, value: str, work: Path):
        import duckdb

        self.column, self.value, self.work = f'CAST("{column}" AS VARCHAR)', value, work
        self.path, self.loaded = work / "none", 0
        self.sources: set[str] = set()
        self.db = duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false"})
        self.db.execute("SET TimeZone = 'UTC'")

    def load(self, store, bucket: str, key: str) -> tuple[int, int]:
        """Fetches a file; answers its rows, and how many of them are the subject's."""
        self.path.unlink(missing_ok=True)
        # A name of its own for each: DuckDB remembers what it has read of a path.
        self.loaded += 1
        self.path = self.work / f"{self.loaded}.parquet"
        store.fetch(Part(bucket, key, 0), self.path)
        mine = f"SELECT _source_file FROM {READ} WHERE {self.column} = ?"
        found = self.db.execute(mine, [str(self.path), self.value]).fetchall()
        self.sources |= {source for (source,) in found if source}
        rows = self.db.execute(f"SELECT COUNT(*) FROM {READ}", [str(self.path)]).fetchone()[0]
        return rows, len(found)

    def without(self) -> Path:
        """The loaded file without the subject's rows; it may have none."""
        target = self.work / "new.parquet"
        kept = f"SELECT * FROM {READ} WHERE {self.column} IS DISTINCT FROM ?"
        # Both are told as parameters: neither a path nor a key becomes a part of a statement.
        self.db.execute(f"CREATE OR REPLACE TEMP TABLE kept AS {kept}", [str(self.path), self.value])
        name = str(target).replace("'", "''")
        self.db.execute(f"COPY kept TO '{name}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)")
        return target
