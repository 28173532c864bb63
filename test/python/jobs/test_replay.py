"""Rows that were rejected are judged again by the present contract, as rows of the files they came from."""

import json

import pytest
from cleanse_lake import BUCKETS, Lake, Result, ndjson
from folder_store import FolderStore
from hard_contract import compile_hard
from replayed import rejected_inputs

from jobs.cleanse.duckdb_engine import DuckdbEngine
from jobs.cleanse.plan import PlanError, parse_plan
from jobs.cleanse.report import CountsDisagree, InputCount, build_report
from jobs.cleanse.run import carry_out

EARLY, LATE = "2026-11-20T23:59:59.5Z", "2026-11-21T09:00:00.123Z"
LINES = ndjson(
    {"id": "a", "whole": 1, "amount": "1.5"},
    {"id": "b", "amount": 2.50, "name": "é"},
    {"id": "c", "amount": "abc"},
    {"id": "d", "whole": "x"},
)
BROKEN = b'\n{"id": "e", "name": "two\\tblanks"}\n[1]\n{"id": "f"\n\xff\n{"id": "g", "more": 1}\n'
CSV = b'id,whole,name\nh,,"of two\nlines"\ni,2,good\nj,,"say ""x"""\nk,1\n,3,\n'
ARRAY = b'[{"id": "l",\n "amount": 7}, {"id": "m", "whole": 5}, {"id": "n", "amount": []}]'


class World:
    """A lake and two contracts: one wants `whole` in every row, the later one does not."""

    def __init__(self, folder):
        self.folder, self.lake, self.works = folder, Lake(FolderStore(folder / "lake")), 0
        self.objects = 0
        self.tight, self.loose = (self._contract(name) for name in (("whole",), ()))

    def _contract(self, required: tuple):
        folder = self.folder / f"contract-{len(required)}"
        folder.mkdir()
        return compile_hard(folder, required)

    def run(self, contract, inputs: list[dict], exact_only: bool = False) -> Result:
        self.works += 1
        work = self.folder / f"work-{self.works}"
        work.mkdir()
        plan = parse_plan(self.lake.plan(inputs) | {"entity": "hard"})
        engine = DuckdbEngine(exact_only=exact_only)
        report = build_report(plan, carry_out(plan, contract, self.lake.store, engine, work))
        return Result(report, self.lake.silver_rows(report), self.lake.quarantined(report))

    def quarantine(self, *rows: dict | bytes) -> list[dict]:
        """An object of quarantine with these lines, as an input."""
        body = b"".join((row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows)
        self.objects += 1
        key = f"entity=hard/reason=x/run=old/{self.objects}/rejected.ndjson"
        self.lake.store.put(BUCKETS["quarantine"], key, body)
        return rejected_inputs(
            {"run_id": "old", "quarantine": [{"key": key, "bytes": len(body), "rows": len(rows)}]}
        )


@pytest.fixture
def world(tmp_path) -> World:
    return World(tmp_path)


def identity(rows: list[dict]) -> list:
    return sorted(
        repr(sorted((name, value) for name, value in row.items() if name != "_run_id")) for row in rows
    )


def files(world: World) -> list[dict]:
    land = world.lake.land
    return [
        land("a.ndjson", LINES, LATE),
        land("b.ndjson", BROKEN, EARLY),
        land("c.csv", CSV, LATE),
        land("d.json", ARRAY, EARLY),
        land("e.ndjson", b""),
        land("f.csv", b"whole\n1\n"),
    ]


@pytest.mark.parametrize("exact_only", [False, True])
def test_exactly_the_rows_that_now_pass_move_to_silver(world, exact_only):
    landed = files(world)
    first = world.run(world.tight, landed)
    again = world.run(world.loose, rejected_inputs(first.report), exact_only)
    whole = world.run(world.loose, landed)
    assert identity(first.rows + again.rows) == identity(whole.rows)
    assert {row["id"] for row in again.rows} == {"b", "e", "g", "h", "j", "l"}
    assert identity(again.rejected) == identity(whole.rejected)
    assert {row["_run_id"] for row in again.rows} == {again.report["run_id"]}
    assert again.report["rows"]["in"] == first.report["rows"]["rejected"] > again.report["rows"]["rejected"]


def test_rows_count_at_the_files_that_they_came_from(world):
    first = world.run(world.tight, files(world))
    again = world.run(world.loose, rejected_inputs(first.report))
    rows = {item["key"]: item["rows"] for item in first.report["quarantine"]}
    assert {item["key"]: item["rows"] for item in again.report["replayed"]} == rows
    counts = {item["key"].rsplit("/", 1)[-1]: item for item in again.report["inputs"]}
    assert [counts["a.ndjson"][name] for name in ("rows", "out", "rejected")] == [3, 1, 2]
    assert first.report["replayed"] == []


def test_a_second_replay_makes_the_same_of_what_still_fails(world):
    first = world.run(world.tight, files(world))
    again = world.run(world.loose, rejected_inputs(first.report))
    third = world.run(world.loose, rejected_inputs(again.report))
    assert (third.report["rows"]["out"], identity(third.rejected)) == (0, identity(again.rejected))


def test_rows_go_to_the_day_on_which_their_file_landed(world):
    first = world.run(world.tight, [world.lake.land("a.ndjson", b'{"id":"a"}\n', EARLY)])
    again = world.run(world.loose, rejected_inputs(first.report))
    (file,) = again.report["files"]
    assert (file["year"], file["month"], file["day"]) == ("2026", "11", "20")
    assert str(again.rows[0]["_ingested_at"]) == "2026-11-20 23:59:59.500000+00:00"


@pytest.mark.parametrize(("landed_at", "wins"), [("2026-11-20T10:00:00Z", "old"), (LATE, "new")])
def test_of_two_rows_with_one_key_the_one_whose_file_landed_later_wins(world, landed_at, wins):
    first = world.run(world.tight, [world.lake.land("old.ndjson", b'\n{"id":"a","name":"old"}\n', EARLY)])
    new = world.lake.land("new.ndjson", b'{"id":"a","name":"new"}\n', landed_at)
    again = world.run(world.loose, [*rejected_inputs(first.report), new])
    assert [row["name"] for row in again.rows] == [wins]
    assert again.report["rows"] == {"in": 2, "out": 1, "duplicates": 1, "rejected": 0}


def test_of_two_rows_of_one_file_the_later_line_wins(world):
    body = b'{"id":"a","name":"x"}\n{"id":"b","whole":1}\n{"id":"a","name":"y"}\n'
    first = world.run(world.tight, [world.lake.land("a.ndjson", body)])
    again = world.run(world.loose, rejected_inputs(first.report))
    assert [(row["name"], row["_source_line"]) for row in again.rows] == [("y", 3)]


def test_rows_of_one_file_stand_in_the_order_of_their_lines_whichever_object_holds_them(world):
    inputs = [
        *world.quarantine(old_line(line=9, raw='{"id":"a","name":"ninth"}', **GOOD)),
        *world.quarantine(
            old_line(line=12, raw='{"id":"b","name":"twelfth"}', **GOOD),
            old_line(line=3, raw='{"id":"a","name":"third"}', **GOOD),
        ),
    ]
    for given in (inputs, inputs[::-1]):
        result = world.run(world.loose, given)
        assert {(row["name"], row["_source_line"]) for row in result.rows} == {("ninth", 9), ("twelfth", 12)}


GOOD = {"ingested_at": "2026-11-20T10:00:00.000000Z"}


def old_line(**changes) -> dict:
    line = {"reason": "whole_missing", "reasons": ["whole_missing"], "detail": None, "line": 7}
    line |= {"source_file": "source=x/a.ndjson", "source_version": "v1", "raw": '{"id":"a"}'}
    return {name: value for name, value in (line | changes).items() if value is not ...}


def test_a_line_that_does_not_say_when_its_row_landed_is_rejected_again_and_says_so(world):
    result = world.run(world.loose, world.quarantine(old_line(raw='{"id":"' + "x" * 9000 + '"}')))
    (row,) = result.rejected
    assert (row["reason"], row["line"], row["source_file"]) == ("replay_impossible", 7, "source=x/a.ndjson")
    assert "rejected as whole_missing, at a time when" in row["detail"] and len(row["raw"]) > 9000


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"no json", "replay_impossible"),
        (b"", "replay_impossible"),
        (old_line(reason="../up", **GOOD), "replay_impossible"),
        (old_line(ingested_at="2026-11-20"), "replay_impossible"),
        (old_line(source_file="\ud800", **GOOD), "replay_impossible"),
        (old_line(source_version=7, **GOOD), "replay_impossible"),
        (old_line(source_file=..., **GOOD), "replay_impossible"),
        (old_line(line=None, **GOOD), "whole_missing"),
        (old_line(line=-1, **GOOD), "whole_missing"),
        (old_line(raw=None, **GOOD), "whole_missing"),
        (old_line(raw="\ud800", **GOOD), "whole_missing"),
        (old_line(raw=" ", **GOOD), "whole_missing"),
        (old_line(raw="x" * 2_000_000, **GOOD), "whole_missing"),
        (
            old_line(detail="a field too many", reason="wrong_number_of_fields", **GOOD),
            "wrong_number_of_fields",
        ),
        (old_line(raw='\ufeff{"id":"a"}', **GOOD), "invalid_json"),
        (old_line(raw='{"id":"a"}\n{"id":"b"}', **GOOD), "invalid_json"),
    ],
)
def test_a_line_that_cannot_be_judged_is_one_rejected_row(world, line, reason):
    result = world.run(world.loose, world.quarantine(line, old_line(line=9, **GOOD)))
    assert result.report["rows"] == {"in": 2, "out": 1, "duplicates": 0, "rejected": 1}
    assert [row["reason"] for row in result.rejected] == [reason]


def test_a_row_that_quarantine_holds_twice_counts_twice_and_stays_once(world):
    result = world.run(world.loose, world.quarantine(old_line(**GOOD), old_line(**GOOD)))
    assert result.report["rows"] == {"in": 2, "out": 1, "duplicates": 1, "rejected": 0}
    assert [row["_source_line"] for row in result.rows] == [7]


def test_a_row_that_quarantine_holds_too_often_is_not_read_each_time(world):
    result = world.run(world.loose, world.quarantine(*[old_line(**GOOD)] * 10))
    assert result.report["rows"] == {"in": 10, "out": 1, "duplicates": 7, "rejected": 2}
    assert result.report["reasons"] == {"replay_impossible": 2}


def test_an_object_that_is_gone_is_one_rejected_row(world):
    inputs = world.quarantine(old_line(**GOOD))
    (world.folder / "lake" / inputs[0]["bucket"] / inputs[0]["key"]).unlink()
    result = world.run(world.loose, inputs)
    assert result.report["reasons"] == {"file_missing": 1}


def test_a_row_that_got_lost_on_the_way_is_a_bug_and_no_report(world):
    class Losing(DuckdbEngine):
        def cleanse(self, *given):
            outcome = super().cleanse(*given)
            outcome.inputs = [InputCount(item.key, item.version_id) for item in outcome.inputs]
            return outcome

    plan = parse_plan(world.lake.plan(world.quarantine(old_line(**GOOD))) | {"entity": "hard"})
    with pytest.raises(CountsDisagree, match="1 rejected rows were kept, 0 were judged again"):
        carry_out(plan, world.loose, world.lake.store, Losing(), world.folder)


def test_an_input_of_another_kind_is_no_plan(world):
    with pytest.raises(PlanError, match="not 'folder'"):
        parse_plan(world.lake.plan([world.lake.land("a.ndjson", b"") | {"kind": "folder"}]))
