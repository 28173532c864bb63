"""Rows that were rejected are judged again alike by both engines, as rows of the files they came from."""

import pytest
from both_engines import Batch, comparable
from hard_batch import LATER, hard_contract, hard_files
from replayed import rejected_inputs

from jobs.cleanse.duckdb_engine import DuckdbEngine


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    """A hard batch that a tight contract has judged; the contract is looser by now."""
    folder = tmp_path_factory.mktemp("replay")
    batch = Batch(folder, hard_contract(folder, required=("amount", "name")))
    for name, body in hard_files().items():
        batch.land(name, body, LATER if name.startswith(("plain", "short")) else "2026-11-21T09:00:00.123Z")
    batch.tight = batch.run("duckdb", DuckdbEngine(), run_id="tight")
    batch.contract = hard_contract(folder)
    return batch


@pytest.fixture(scope="module")
def inputs(batch):
    """What was rejected, and one file that was not cleansed yet."""
    new = batch.lake.land("new.ndjson", b'{"id":"lines1","name":"new"}\n{"id":"b1","name":"new"}\n', LATER)
    return [*rejected_inputs(batch.tight.report), new]


@pytest.fixture(scope="module")
def expected(batch, inputs):
    return batch.run("duckdb", DuckdbEngine(), inputs, run_id="again")


def test_what_still_fails_is_what_the_new_contract_rejects_of_the_whole_batch(batch, inputs):
    again = batch.run("duckdb", DuckdbEngine(), inputs[:-1], run_id="again")
    whole = batch.run("duckdb", DuckdbEngine(), run_id="whole").quarantine
    # A file that was refused as a whole has no rows in quarantine to judge.
    refused = {row["source_file"] for row in batch.tight.quarantine if row["line"] is None}
    rows = [
        [row for row in found if row["source_file"] not in refused] for found in (again.quarantine, whole)
    ]
    assert rows[0] == rows[1] != []
    assert again.report["rows"]["out"] > 300 and again.report["rows"]["duplicates"] > 10


def test_spark_makes_of_rejected_rows_what_duckdb_makes(spark, batch, inputs, expected):
    from jobs.cleanse.spark_engine import SparkEngine

    found = batch.run("spark", SparkEngine(spark, 1 << 20, 1), inputs, run_id="again")
    assert found.types == expected.types
    assert sorted(found.silver - expected.silver)[:5] == sorted(expected.silver - found.silver)[:5] == []
    assert found.quarantine == expected.quarantine
    assert comparable(found.report) == comparable(expected.report)
    assert expected.report["rows"]["rejected"] > 100
