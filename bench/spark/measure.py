"""One measurement in a process of its own, so that its peak memory is its own."""

import argparse
import json
import os
import shutil
import sys
import time
from functools import partial
from pathlib import Path

from bench.spark.hand_written import READERS, hand_written

LANDED_AT = "2026-01-05T00:00:00Z"
DRIVER_MEMORY = "4g"
ROOT = Path(__file__).resolve().parents[2]


class Disk:
    """The store of the Spark job without a network: buckets are folders, the one input is where it is."""

    def __init__(self, source: Path, out: Path):
        self.source, self.out = source, out

    def opener(self):
        """See jobs.cleanse.spark_store.SparkStore, also for the methods below."""
        return partial(Disk, self.source, self.out)

    def uri(self, bucket: str, key: str) -> str:
        """The input's address, or one below the folder."""
        return f"file://{self.source if bucket == 'bronze' else self.out / bucket / key}"

    def is_current(self, item) -> bool:
        """Nobody overwrites it here."""
        return True

    def read_range(self, item, start: int, stop: int):
        """Bytes of the input."""
        with self.source.open("rb") as file:
            file.seek(start)
            yield file.read(stop - start)

    def fetch(self, item, target: Path) -> None:
        """Links the input in."""
        os.link(self.source, target)

    def upload(self, path: Path, bucket: str, key: str) -> dict:
        """Moves a file out."""
        size, target = path.stat().st_size, self.out / bucket / key
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
        return {"key": key, "etag": "none", "bytes": size}

    def objects(self, bucket: str, prefix: str) -> list[dict]:
        """Files below a prefix."""
        files = [path for path in sorted((self.out / bucket).rglob("*")) if path.is_file()]
        keys = {path.relative_to(self.out / bucket).as_posix(): path.stat().st_size for path in files}
        chosen = {
            key: size for key, size in keys.items() if key.startswith(prefix) and not key.endswith(".crc")
        }
        return [{"key": key, "etag": "none", "bytes": size} for key, size in chosen.items()]

    def copy(self, bucket: str, key: str, to_bucket: str, to_key: str) -> None:
        """Copies a file."""
        target = self.out / to_bucket / to_key
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.out / bucket / key, target)

    def delete(self, bucket: str, keys: list[str]) -> None:
        """Removes files."""
        for key in keys:
            (self.out / bucket / key).unlink()


def open_spark(work: Path):
    """The same session for all ways; workers find the modules as they would in the job's archive."""
    from pyspark.sql import SparkSession

    os.environ["PYTHONPATH"] = str(ROOT)
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    builder = SparkSession.builder.master(f"local[{os.cpu_count()}]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.driver.memory", DRIVER_MEMORY).config(
        "spark.local.dir", str(work / "spark")
    )
    builder = builder.config("spark.sql.session.timeZone", "UTC")
    builder = builder.config("spark.ui.showConsoleProgress", "false").config("spark.log.level", "ERROR")
    return builder.getOrCreate()


def cleanse(spark, source: Path, work: Path) -> dict:
    """The whole Spark cleanse: scan, rules, duplicates, quarantine, Parquet; its report."""
    from jobs.cleanse.plan import parse_plan
    from jobs.cleanse.report import build_report
    from jobs.cleanse.spark_engine import SparkEngine
    from jobs.compiled import load_compiled

    contract = load_compiled("market_data")
    item = {"bucket": "bronze", "key": source.name, "version_id": None, "bytes": source.stat().st_size}
    item |= {"landed_at": LANDED_AT, "source": "market-data"}
    plan = parse_plan(
        {
            **{"version": 1, "kind": "cleanse", "run_id": "bench", "attempt": 1, "entity": "market_data"},
            **{"engine": "spark", "inputs": [item], "silver_bucket": "silver"},
            **{
                "stage": "dev",
                "quarantine_bucket": "quarantine",
                "pending_prefix": "p/",
                "quarantine_prefix_tail": "t/",
            },
            **{"report_uri": "s3://a/r", "contract_version": contract.version},
        }
    )
    return build_report(plan, SparkEngine(spark).cleanse(plan, contract, Disk(source, work), work))


def cpu_seconds(spark) -> float:
    """CPU time of the JVM so far, and of this process; the Python workers of Spark are not in it."""
    jvm = spark.sparkContext._jvm.java.lang.ProcessHandle.current().pid()
    fields = Path(f"/proc/{jvm}/stat").read_text().rsplit(")", 1)[1].split()
    children = sum(int(field) for field in fields[11:15])
    return children / os.sysconf("SC_CLK_TCK") + time.process_time()


def main() -> int:
    """Measures one way once and prints JSON as the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=[*READERS, "cleanse"])
    parser.add_argument("source", type=Path)
    parser.add_argument("work", type=Path)
    given = parser.parse_args()
    from jobs.cleanse.spark_settings import peak_memory_bytes

    spark = open_spark(given.work)
    # The session's own start is the same for all ways and no part of the measurement.
    spark.range(1).count()
    started, used = time.monotonic(), cpu_seconds(spark)
    result = {}
    if given.way == "cleanse":
        report = cleanse(spark, given.source.resolve(), given.work.resolve())
        result = {"rows": report["rows"], "parts": report["seconds"]}
    else:
        target = str(given.work.resolve() / "silver")
        hand_written(spark, READERS[given.way], str(given.source.resolve()), target, LANDED_AT)
    result |= {"seconds": time.monotonic() - started, "cpu_seconds": cpu_seconds(spark) - used}
    print(json.dumps(result | {"peak_memory_bytes": peak_memory_bytes(spark)}))
    spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
