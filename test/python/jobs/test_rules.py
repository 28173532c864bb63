"""What a text becomes, per type: outcomes written by hand, with the cheap first test and without."""

import dataclasses
import json
import math

import pytest
from cleanse_lake import Lake, ndjson
from folder_store import FolderStore
from hard_contract import COLUMN_OF_TYPE, compile_hard
from hard_inputs import BY_TYPE, LINES

from jobs.cleanse.duckdb_engine import DuckdbEngine
from jobs.cleanse.plan import parse_plan

PATHS = {"with the cheap first test": False, "by the exact rules alone": True}


def cleanse(folder, contract, body: bytes, exact_only: bool):
    """Runs one NDJSON file through the engine; returns silver rows and reasons by line, and the drift."""
    lake = Lake(FolderStore(folder / f"lake-{exact_only}"))
    plan = parse_plan(lake.plan([lake.land("x.ndjson", body)]) | {"entity": contract.entity})
    work = folder / f"work-{exact_only}"
    work.mkdir()
    outcome = DuckdbEngine(exact_only=exact_only).cleanse(plan, contract, lake.store, work)
    report = {"files": outcome.files, "quarantine": outcome.quarantine}
    good = {row["_source_line"]: row for row in lake.silver_rows(report)}
    bad = {row["line"]: row["reasons"] for row in lake.quarantined(report)}
    return good, bad, outcome.drift


def same(value, expected) -> bool:
    """Equal, also in the sign of a zero."""
    if isinstance(expected, float):
        return value == expected and math.copysign(1, value) == math.copysign(1, expected)
    return value == expected and type(value) is type(expected)


@pytest.mark.parametrize("exact_only", PATHS.values(), ids=PATHS.keys())
@pytest.mark.parametrize("kind", BY_TYPE)
def test_a_text_becomes_a_value_or_a_reason(tmp_path, kind, exact_only):
    column, texts = COLUMN_OF_TYPE[kind], list(BY_TYPE[kind])
    body = ndjson(*({"id": str(number), column: text} for number, text in enumerate(texts, 1)))
    good, bad, _ = cleanse(tmp_path, compile_hard(tmp_path), body, exact_only)
    wrong = []
    for number, text in enumerate(texts, 1):
        expected = BY_TYPE[kind][text]
        if (isinstance(expected, str) and kind != "string") or expected == "not_a_text":
            if bad.get(number) != [f"{column}_{expected}"]:
                wrong.append((text, expected, bad.get(number), good.get(number)))
        elif number not in good or not same(good[number][column], expected):
            wrong.append((text, expected, bad.get(number), good.get(number)))
    assert wrong == []


@pytest.mark.parametrize("exact_only", PATHS.values(), ids=PATHS.keys())
def test_a_line_becomes_a_row_or_a_reason(tmp_path, exact_only):
    # One file per id would be slow; every line gets its own key instead, where it has the usual one.
    lines = [line.replace('"id":"a"', f'"id":"a{n}"', 1) for n, (line, _) in enumerate(LINES, 1)]
    body = "\n".join(lines).encode("utf-8", "surrogatepass") + b"\n"
    good, bad, _ = cleanse(tmp_path, compile_hard(tmp_path), body, exact_only)
    wrong = []
    for number, (line, expected) in enumerate(LINES, 1):
        if isinstance(expected, str):
            if number not in bad or bad[number][0] != expected:
                wrong.append((line, expected, bad.get(number), good.get(number)))
            continue
        expected = expected | (
            {"id": f"a{number}"} if expected["id"] == "a" and lines[number - 1] != line else {}
        )
        row = good.get(number, {})
        if not all(name in row and same(row[name], value) for name, value in expected.items()):
            wrong.append((line, expected, bad.get(number), good.get(number)))
    assert wrong == []


def test_all_reasons_are_kept_in_the_order_of_the_contract(tmp_path):
    body = ndjson({"id": "a", "name": "{}", "amount": "x", "day": "y"})
    _, bad, _ = cleanse(tmp_path, compile_hard(tmp_path), body, False)
    assert bad == {1: ["amount_not_a_number", "day_not_a_date", "name_not_a_text"]}


def test_a_contract_with_a_json_column_has_no_plain_pattern_and_still_works(tmp_path):
    contract = compile_hard(tmp_path)
    plain = contract.sql["plain"] | {"member": None}
    contract = dataclasses.replace(contract, sql=contract.sql | {"plain": plain})
    good, _, _ = cleanse(tmp_path, contract, b'{"id":"a","amount":1.25}\n', False)
    assert json.loads(json.dumps(good[1]["id"])) == "a" and str(good[1]["amount"]) == "1.250000"
