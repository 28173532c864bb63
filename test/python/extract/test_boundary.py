"""The boundary between two runs: nothing is lost at it, and its memory is bounded."""

import json
import random

import pytest

from containers.extract.boundary import SEEN_MAX, Boundary
from containers.extract.errors import ExtractError
from containers.extract.pages import Row


def rows(*values: tuple) -> list[Row]:
    return [Row(name.encode(), cursor) for name, cursor in values]


def kept(boundary: Boundary, is_sorted: bool) -> Boundary:
    """The boundary as the next run reads it."""
    return Boundary(is_sorted).load(json.loads(json.dumps(boundary.state())))


@pytest.mark.parametrize("is_sorted", [True, False])
def test_what_shares_the_newest_value_is_told_apart_by_its_content(is_sorted):
    boundary = Boundary(is_sorted)
    boundary.advance(rows(("a", 1), ("b", 2), ("c", 2)))
    after = kept(boundary, is_sorted)
    assert after.fresh(rows(("b", 2), ("c changed", 2), ("d", 2), ("e", 3))) == rows(
        ("c changed", 2), ("d", 2), ("e", 3)
    )


def test_older_rows_of_a_source_that_does_not_sort_were_there_before():
    boundary = Boundary(sorted_rows=False)
    boundary.advance(rows(("c", "2024-01-03"), ("a", "2024-01-01")))
    boundary.advance(rows(("b", "2024-01-02")))
    assert boundary.cursor == "2024-01-03"
    after = kept(boundary, False)
    assert after.fresh(rows(("b", "2024-01-02"), ("d", "2024-01-04"), ("x", None))) == rows(
        ("d", "2024-01-04"), ("x", None)
    )


def test_a_run_without_news_keeps_the_boundary():
    boundary = Boundary(sorted_rows=True)
    boundary.advance(rows(("a", 1), ("b", 1)))
    after = kept(boundary, True)
    after.advance(rows(("a", 1), ("b", 1)))
    after.advance(rows(("x", None)))
    assert after.state() == boundary.state()


def test_its_memory_is_bounded_and_what_is_beyond_comes_again():
    boundary = Boundary(sorted_rows=True)
    many = rows(*((f"row {n}", 1) for n in range(SEEN_MAX + 10)))
    for start in range(0, len(many), 1_000):
        boundary.advance(many[start : start + 1_000])
    assert len(boundary.seen) == SEEN_MAX
    assert len(boundary.fresh(many)) == 10


def test_values_without_an_order_are_an_error():
    with pytest.raises(ExtractError, match="str and int"):
        Boundary(sorted_rows=False).advance(rows(("a", 1), ("b", "2")))


@pytest.mark.parametrize("seed", range(30))
def test_no_history_of_arrivals_loses_or_repeats_a_row(seed):
    draw = random.Random(seed)
    is_sorted = draw.random() < 0.5
    boundary, taken, there, newest = Boundary(is_sorted), [], [], 0
    for _ in range(12):
        # New rows never have an older value than what was seen: that is what a cursor promises.
        newest = draw.randint(newest, newest + 2)
        there += rows(*((f"row {len(there) + n}", draw.randint(newest, newest + 1)) for n in range(4)))
        newest = max(newest, boundary.cursor or 0)
        there = [row if row.cursor >= newest else Row(row.line, row.cursor) for row in there]
        asked = [row for row in there if boundary.cursor is None or row.cursor >= boundary.cursor]
        asked.sort(key=lambda row: row.cursor) if is_sorted else draw.shuffle(asked)
        start, size = kept(boundary, is_sorted), draw.randint(1, 5)
        for place in range(0, len(asked), size):
            taken += start.fresh(asked[place : place + size])
            boundary.advance(asked[place : place + size])
        newest = boundary.cursor
    assert sorted(row.line for row in taken) == sorted(row.line for row in there)
