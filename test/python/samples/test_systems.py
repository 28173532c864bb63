"""The systems' data is what the generator makes, and the cleanse finds in it what the README says."""

import gzip
import sys
from collections import Counter
from pathlib import Path

import pytest

from samples.generator.systems.build import build_systems

ROOT = Path(__file__).resolve().parents[3]
SYSTEMS = ROOT / "samples" / "systems"
sys.path.insert(0, str(ROOT / "test" / "python" / "jobs"))

from cleanse_lake import Lake  # noqa: E402
from folder_store import FolderStore  # noqa: E402

FILES, PLACES = build_systems()


def unpacked(path: str, content: bytes) -> bytes:
    # Another zlib may pack the same bytes differently; what a reader gets must be the same everywhere.
    return gzip.decompress(content) if path.endswith(".gz") else content


def test_the_committed_files_are_those_that_the_generator_makes():
    committed = {
        path.relative_to(SYSTEMS.parent).as_posix(): path.read_bytes()
        for path in SYSTEMS.rglob("*")
        if path.is_file()
    }
    assert committed.keys() == FILES.keys()
    for path, content in committed.items():
        assert unpacked(path, content) == unpacked(path, FILES[path]), path


def test_the_generator_makes_the_same_twice():
    assert build_systems()[0] == FILES


@pytest.mark.parametrize(
    "place",
    [place for place in PLACES if place.entity and not place.path.startswith("ledger-db")],
    ids=lambda place: place.path,
)
def test_the_cleanse_counts_what_the_readme_says_and_no_file_comes_to_the_gate(place, tmp_path):
    lake = Lake(FolderStore(tmp_path))
    given = lake.land(Path(place.path).name, place.content(), source="samples")
    rows = lake.run([given], entity=place.entity).report["rows"]
    rejected, twice = len(place.wrong), len(place.twice)
    total = len(place.rows)
    assert (rows["in"], rows["rejected"], rows["duplicates"]) == (total, rejected, twice)
    assert rows["out"] == total - rejected - twice
    assert rejected * 100 < 5 * total


def test_each_broken_row_is_rejected_for_its_own_reason(tmp_path):
    for place in (place for place in PLACES if place.entity and place.wrong):
        if place.path.startswith("ledger-db"):
            continue
        lake = Lake(FolderStore(tmp_path / place.path.replace("/", "_")))
        result = lake.run([lake.land("rows.ndjson", place.text())], entity=place.entity)
        found = Counter(reason for row in result.rejected for reason in row["reasons"])
        assert found == Counter(one.reason for one in place.wrong), place.path


def test_what_comes_late_lies_in_the_folder_of_its_arrival():
    late = [
        row["event_id"]
        for place in PLACES
        if place.path.startswith("shop-events/")
        for row in place.rows
        if str(row["occurred_at"])[:10] < "-".join(place.path.split("/")[1:4])
    ]
    assert len(late) > 5


def test_orders_hold_an_array_of_items_that_add_up():
    orders = [
        row["payload"]
        for place in PLACES
        if place.entity == "events"
        for row in place.rows
        if row["event_type"] == "order_fulfilled" and row["payload"] and "items" in row["payload"]
    ]
    assert len(orders) > 20
    for order in orders:
        total = sum(item["quantity"] * round(item["unit_price"] * 100) for item in order["items"])
        assert total == round(order["total"] * 100)


def test_every_household_has_an_owner_and_some_rows_were_deleted():
    tables = {place.entity: place.rows for place in PLACES if place.path.startswith("petforce/")}
    owners = {row["household_id"] for row in tables["household_members"] if row["role"] == "owner"}
    assert owners == {row["household_id"] for row in tables["households"] if "-x" not in row["household_id"]}
    for table, rows in tables.items():
        assert table == "activity_logs" or any(row["deleted_at"] for row in rows), table
        assert all(row["updated_at"] >= row["created_at"] for row in rows)
