"""A deletion request removes a subject's rows from silver and quarantine, proves it, and names nobody."""

import io
import json

import duckdb
import pytest
from cleanse_lake import BUCKETS, Lake, ndjson
from folder_store import FolderStore

from jobs.cleanse.log import Log
from jobs.cleanse.plan import PlanError
from jobs.cleanse.run import run_plan
from jobs.forget.run import StillThere
from jobs.forget.silver import SilverFiles

PLAN_URI, REPORT_URI = (f"s3://{BUCKETS['artifacts']}/runs/f/attempt=1/{n}.json" for n in ("plan", "report"))
SUBJECT_URI = f"s3://{BUCKETS['artifacts']}/forgets/q1.json"
USER = {
    **{"user_id": "us-1", "email": "maria@example.org", "display_name": "Maria", "phone": None},
    **{"country_code": "DE", "acquisition_channel": "organic", "is_email_verified": True},
    **{"created_at": "2026-01-05T10:00:00Z", "updated_at": "2026-01-05T10:00:00Z"},
}
SILVER, QUARANTINE = BUCKETS["silver"], BUCKETS["quarantine"]


class World:
    """Users in silver as the cleanse commits them, and the rejected ones in quarantine."""

    def __init__(self, folder):
        self.store = FolderStore(folder)
        self.lake = Lake(self.store)
        self.keys: list[str] = []

    def land(self, *rows: dict | bytes) -> None:
        body = b"".join(row if isinstance(row, bytes) else ndjson(row) for row in rows)
        landed = self.lake.land(f"users-{len(self.keys)}.ndjson", body)
        for file in self.lake.run([landed], entity="users", stage="prod").report["files"]:
            key = f"entity=users/year=2026/month=11/day=21/users_{len(self.keys)}-0.parquet"
            self.store.put(SILVER, key, self.store.get(SILVER, file["key"]))
            self.keys.append(key)

    def forget(self, value: str = "us-1", log=None, **changes) -> dict:
        self.store.write_json(SUBJECT_URI, {"value": value})
        plan = {"version": 1, "kind": "forget", "run_id": "f", "attempt": 1, "entity": "users"}
        plan |= {"column": "user_id", "subject_uri": SUBJECT_URI, "dry_run": False}
        plan |= {"silver_bucket": SILVER, "quarantine_bucket": QUARANTINE, "report_uri": REPORT_URI}
        self.store.write_json(PLAN_URI, plan | changes)
        return run_plan("f", PLAN_URI, self.store, Log(log or io.StringIO()))

    def users(self) -> list[str]:
        paths = [str(self.store.folder / SILVER / key) for key in self.keys]
        query = "SELECT user_id FROM read_parquet(?, hive_partitioning = false) ORDER BY ALL"
        return [one for (one,) in duckdb.execute(query, [paths]).fetchall()]

    def held(self) -> bytes:
        """Everything that silver and quarantine hold of users, as bytes; Parquet keeps short texts plain."""
        bodies = [self.store.get(QUARANTINE, key) for key in self.store.keys(QUARANTINE)]
        return b"\n".join(bodies) + repr(self.users()).encode()


@pytest.fixture
def world(tmp_path) -> World:
    world = World(tmp_path)
    bad = {"acquisition_channel": "tv"}
    world.land(USER, USER | {"user_id": "us-2"}, USER | {"user_id": "us-10"})
    world.land(USER | {"user_id": "us-3"}, USER | bad, USER | bad | {"user_id": "us-10"})
    world.land(USER | {"email": "later@example.org"}, b'{"user_id": "us-1", broken\n', b"us-12, broken\n")
    return world


def test_the_rows_of_the_subject_go_and_no_others_do(world):
    report = world.forget()
    assert world.users() == ["us-10", "us-2", "us-3"]
    assert report["rows"] == {"found": 4, "removed": 4, "left": 0}
    assert [file["removed"] for file in report["silver"]] == [1, 0, 1]
    assert {file["key"] for file in report["silver"]} == set(world.keys)
    assert b'us-1"' not in world.held() and b"us-10" in world.held() and b"us-12" in world.held()
    assert [key.rsplit("/", 1)[-1] for key in report["bronze"]] == [f"users-{n}.ndjson" for n in range(3)]


def test_a_second_time_finds_nothing(world):
    world.forget()
    before = {key: world.store.get(SILVER, key) for key in world.keys}
    report = world.forget()
    assert report["rows"] == {"found": 0, "removed": 0, "left": 0} and len(report["silver"]) == 3
    assert before == {key: world.store.get(SILVER, key) for key in world.keys}


def test_a_dry_run_counts_and_changes_nothing(world):
    before = {key: world.store.get(SILVER, key) for key in world.keys}
    report = world.forget(dry_run=True)
    assert report["rows"] == {"found": 4, "removed": 0, "left": 4} and report["dry_run"]
    assert before == {key: world.store.get(SILVER, key) for key in world.keys}


def test_neither_the_report_nor_the_log_names_the_subject(world):
    log = io.StringIO()
    told = json.dumps(world.forget(value="us-3", log=log)) + log.getvalue()
    assert "us-3" not in told and '"removed": 1' in told


def test_what_stays_is_as_it_was(world):
    query = "SELECT * FROM read_parquet(?, hive_partitioning = false) WHERE user_id <> 'us-1' ORDER BY ALL"
    paths = [str(world.store.folder / SILVER / key) for key in world.keys]
    before = duckdb.execute(query, [paths])
    types, rows = before.description, before.fetchall()
    world.forget()
    after = duckdb.execute(query, [paths])
    assert (after.description, after.fetchall()) == (types, rows)


def test_a_rewrite_that_keeps_the_subject_is_no_success(world, monkeypatch):
    monkeypatch.setattr(SilverFiles, "without", lambda files: files.path)
    with pytest.raises(StillThere):
        world.forget()
    assert "failure" in world.store.read_json(REPORT_URI)


def test_a_masked_or_unknown_column_is_refused(world):
    for column in ("email", "shoe_size"):
        with pytest.raises(PlanError, match="not masked"):
            world.forget(column=column)


def test_a_file_that_goes_meanwhile_holds_nobody(world, monkeypatch):
    load = SilverFiles.load

    def load_what_is_gone(files, store, bucket, key):
        (store.folder / bucket / world.keys[0]).unlink(missing_ok=True)
        return load(files, store, bucket, key)

    monkeypatch.setattr(SilverFiles, "load", load_what_is_gone)
    report = world.forget()
    assert [file.get("gone", False) for file in report["silver"]] == [True, False, False]
    assert report["rows"] == {"found": 3, "removed": 3, "left": 0}


def test_what_lands_meanwhile_is_read_too(world, monkeypatch):
    load, landed = SilverFiles.load, []

    def load_and_land(files, store, bucket, key):
        if not landed:
            landed.append(world.land(USER | {"email": "third@example.org"}))
        return load(files, store, bucket, key)

    monkeypatch.setattr(SilverFiles, "load", load_and_land)
    assert world.forget()["rows"]["removed"] == 5 and "us-1" not in world.users()
