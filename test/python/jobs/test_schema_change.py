"""A column that a whole file breaks is told apart from single bad rows, with what was seen in its place."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from cleanse_lake import Lake, ndjson, price
from folder_store import FolderStore
from hard_contract import compile_hard

from jobs.cleanse.schema_change import TYPE_RULES, schema_changes
from jobs.compiled import load_compiled

HEADER = "symbol,price_date,close,currency"
LONG = "x" * 60


@pytest.fixture
def lake(tmp_path):
    return Lake(FolderStore(tmp_path))


def rows(count: int, **changes) -> list[dict]:
    return [price(symbol=f"S{number}", **changes) for number in range(count)]


def changes(lake, **files: bytes) -> list:
    """The changed columns of a batch of files, in short; the files land under their names."""
    landed = [lake.land(name.replace("_", "."), body) for name, body in files.items()]
    return shown(lake.run(landed).report)


def shown(report: dict) -> list:
    names = ("column", "change", "rows", "of", "seen")
    return [
        (one["file"] and one["file"].rsplit("/", 1)[-1], *(one[name] for name in names))
        for one in report["schema_changes"]
    ]


def test_most_rows_with_another_type_are_a_retyped_column(lake):
    odd = ndjson(*rows(4), *rows(5, close="12,5"))
    found = changes(lake, good_ndjson=ndjson(*rows(20)), odd_ndjson=odd)
    assert found == [("odd.ndjson", "close", "retyped", 5, 9, 'text "12,5"')]


def test_half_of_the_rows_is_not_most(lake):
    assert changes(lake, a_ndjson=ndjson(*rows(5), *rows(5, close="12,5"))) == []


def test_each_reason_of_a_row_counts_not_only_its_first(lake):
    found = changes(lake, a_ndjson=ndjson(*rows(3, currency="", volume=[1], close=1e300)))
    assert [one[1:4] for one in found if one[0] is None] == [
        ("close", "retyped", 3),
        ("currency", "removed", 3),
        ("volume", "retyped", 3),
    ]
    assert {one[5] for one in found} == {"number 1e+300", "list", None}


def test_a_required_column_that_every_row_lacks_is_removed_also_beside_lines_that_are_no_rows(lake):
    lacking = ndjson(*rows(3, currency=...)) + b"{broken\n[1]\n"
    found = changes(lake, good_ndjson=ndjson(*rows(9)), odd_ndjson=lacking)
    assert found == [("odd.ndjson", "currency", "removed", 3, 3, None)]
    assert changes(lake, a_ndjson=ndjson(*rows(9, currency=...), price())) == []


def test_a_column_that_may_be_missing_is_not_a_change(lake):
    assert changes(lake, a_ndjson=ndjson(*rows(9, volume=...))) == []


def test_a_header_without_a_required_column_stands_for_all_rows_below_it(lake):
    body = f"{HEADER}\n" + "A,2026-01-05,1,USD\n" * 12 + "\n"
    found = changes(lake, odd_csv=body.encode(), good_ndjson=ndjson(*rows(20)))
    assert found == [("odd.csv", "adjusted_close", "removed", 12, 12, None)]


def test_a_batch_whose_files_all_changed_says_so_first(lake):
    one = ndjson(price(close="n/a"))
    found = changes(lake, a_ndjson=one, b_ndjson=one)
    assert [(each[0], each[3], each[4]) for each in found] == [
        (None, 2, 2),
        ("a.ndjson", 1, 1),
        ("b.ndjson", 1, 1),
    ]


def test_rows_out_of_their_range_and_lines_that_cannot_be_read_are_no_change(lake):
    assert changes(lake, a_ndjson=ndjson(*rows(9, close=-1)) + b"{\n" * 9) == []
    assert changes(lake, a_ndjson=b"{\n" * 9) == []


def test_a_sample_is_short(lake):
    (found, *_) = changes(lake, a_ndjson=ndjson(*rows(3, close=LONG)))
    assert found[5].startswith('text "xxx') and found[5].endswith("...") and len(found[5]) == 45


def test_of_personal_data_only_the_kind_is_shown():
    contract = replace(load_compiled("market_data"), classified={"close": "pii"})
    plan = SimpleNamespace(inputs=[SimpleNamespace(kept=None, key="a.ndjson")])
    broken = {(0, "close_not_a_number"): (3, 1)}
    look = lambda wanted: dict.fromkeys(wanted, (None, '{"close":"Jane Doe"}'))  # noqa: E731
    found = schema_changes(plan, contract, [SimpleNamespace(rows=3)], broken, look)
    assert {one["seen"] for one in found} == {"text"}


def test_rows_from_quarantine_prove_nothing(lake):
    first = lake.run([lake.land("a.ndjson", ndjson(*rows(20), price(close="n/a")))]).report
    assert first["schema_changes"] == []
    back = [item | {"version_id": None, "kind": "rejected"} for item in first["quarantine"]]
    named = [
        {"bucket": "sluice-test-quarantine-000000000000", "key": item["key"], "version_id": None}
        | {"bytes": item["bytes"], "landed_at": "2026-11-21T09:00:00Z", "source": "", "kind": "rejected"}
        for item in back
    ]
    assert lake.run(named).report["schema_changes"] == []


def test_the_rules_of_every_type_are_known(tmp_path):
    contract = compile_hard(tmp_path)
    others = ("missing", "out_of_range", "not_allowed")
    known = {f"{name}_{rule}" for name in contract.columns for rule in (*TYPE_RULES, *others)}
    assert set(contract.rules) <= known
