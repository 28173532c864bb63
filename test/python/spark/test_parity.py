"""Both engines make the same of a hard batch: rows, values, types, reasons, lines, drift and counts."""

import json

import pytest
from both_engines import Batch, comparable
from hard_batch import LATER, hard_contract, hard_files

from jobs.cleanse.duckdb_engine import DuckdbEngine
from jobs.compiled import load_compiled

# How the Spark engine may be made to read: (bytes from which a file is read where it lies, bytes of a piece).
WAYS = {"staged": (1 << 30, 1 << 20), "read where it lies": (1, 1 << 20), "in small pieces": (1, 20_000)}


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parity")
    batch = Batch(folder, hard_contract(folder))
    for name, body in hard_files().items():
        batch.land(name, body, LATER if name.startswith(("plain", "short")) else "2026-11-21T09:00:00.123Z")
    gone = batch.land("gone.ndjson", b'{"id":"z"}\n')
    batch.lake.store._path(gone["bucket"], gone["key"]).unlink()
    return batch


@pytest.fixture(scope="module")
def expected(batch):
    return batch.run("duckdb", DuckdbEngine())


@pytest.mark.parametrize(
    "way", ["staged", "read where it lies", pytest.param("in small pieces", marks=pytest.mark.full)]
)
def test_spark_makes_of_a_hard_batch_what_duckdb_makes(spark, batch, expected, way):
    from jobs.cleanse.spark_engine import SparkEngine

    direct_bytes, split_bytes = WAYS[way]
    found = batch.run("spark", SparkEngine(spark, split_bytes, direct_bytes))
    assert found.types == expected.types
    assert sorted(found.silver - expected.silver)[:5] == sorted(expected.silver - found.silver)[:5] == []
    differing = [
        pair for pair in zip(found.quarantine, expected.quarantine, strict=False) if pair[0] != pair[1]
    ]
    assert differing[:5] == []
    assert comparable(found.report) == comparable(expected.report)
    assert {one["change"] for one in expected.report["schema_changes"]} == {"removed", "retyped"}
    assert len(expected.report["reasons"]) > 20 and expected.report["rows"]["duplicates"] > 100


def test_both_engines_hide_the_same(spark, tmp_path):
    from jobs.cleanse.spark_engine import SparkEngine

    batch = Batch(tmp_path, load_compiled("households"))
    row = {"household_id": "h1", "name": "The Planteds", "invite_code": " PLANT-7", "country_code": "DE"}
    row |= {"time_zone": "UTC", "created_at": "2026-01-05T10:00:00Z", "updated_at": "2026-01-05T10:00:00Z"}
    # A plain line, one for the exact rules, and one that is rejected.
    rows = [row, row | {"household_id": "h\u00e92", "name": "Plant\u00e9d"}, row | {"created_at": "never"}]
    batch.land("households.ndjson", "".join(json.dumps(one) + "\n" for one in rows).encode())
    found, expected = batch.run("spark", SparkEngine(spark)), batch.run("duckdb", DuckdbEngine())
    assert found.silver == expected.silver and len(found.silver) == 2
    assert all("'***'" in values and "plant" not in values.lower() for _, _, values in found.silver)
    assert comparable(found.report) == comparable(expected.report)
