"""How much memory an extraction takes, by the size of what it extracts. Prints its figures: `pytest -s`."""

import json
import time
from datetime import UTC, datetime, timedelta

import pymongo
import pytest

FEW, MANY = 100_000, 1_000_000
PEAK_MIB_MAX = 512
RATIO_MAX = 1.2
START = datetime(2024, 1, 1, tzinfo=UTC)
INSERT_DOCUMENTS = 10_000
MEASURED = """
import sys
from containers.extract.run import main
code = main()
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
print('{"peak_kib": ' + peak + "}")
sys.exit(code)
"""


@pytest.mark.full
def test_a_million_documents_take_hardly_more_memory_than_a_hundred_thousand(extraction, mongodb_url):
    figures = {}
    for count in (FEW, MANY):
        fill(mongodb_url, f"documents{count}", count)
        figures[count] = measure(extraction, mongodb_url, count)
    print("\ndocuments  peak MiB  seconds  objects")
    for count, (peak, seconds, objects) in figures.items():
        print(f"{count:9d}  {peak:8.1f}  {seconds:7.1f}  {objects:7d}")
    assert figures[MANY][0] <= PEAK_MIB_MAX
    assert figures[MANY][0] <= RATIO_MAX * figures[FEW][0]


def fill(url: str, name: str, count: int) -> None:
    """About 400 bytes of JSON a document, in the shape of a trade, with an index as an application has it."""
    with pymongo.MongoClient(url) as client:
        collection = client["trading"][name]
        for first in range(0, count, INSERT_DOCUMENTS):
            collection.insert_many([trade(n) for n in range(first, first + INSERT_DOCUMENTS)])


def trade(n: int) -> dict:
    return {
        "_id": f"T{n:09d}",
        "account_id": f"A{n % 997:05d}",
        "symbol": ("AAPL", "IBM", "MSFT")[n % 3],
        "side": "BUY" if n % 2 else "SELL",
        "quantity": n % 500 + 1,
        "price": 100 + n % 9_973 / 100,
        "traded_at": START + timedelta(seconds=n),
        "updated_at": START + timedelta(seconds=n // 3),
        "currency": "USD",
        "note": "x" * 150,
        "route": {"desk": n % 7, "hops": [{"venue": "XNAS", "ms": n % 13}, {"venue": "XNYS", "ms": n % 5}]},
    }


def measure(extraction, url: str, count: int) -> tuple[float, float, int]:
    """Peak memory in MiB, seconds and objects of one task."""
    entity = {"entity": "transactions", "collection": f"documents{count}", "cursor": "updated_at"}
    extraction.source = f"memory{count}"
    secret = extraction.secret(url)
    block = {"engine": "mongodb", "secret": secret, "database": "trading", "entities": [entity]}
    plan = extraction.plan(block)
    begun = time.monotonic()
    process = extraction.task(plan, program=MEASURED)
    assert extraction.finish(process, seconds=1_800) == 0, extraction.logs
    seconds = time.monotonic() - begun
    report = extraction.report(plan)
    assert report["rows"] == count
    peak = json.loads(extraction.logs.splitlines()[-1])["peak_kib"]
    return peak / 1024, seconds, len(report["files"])
