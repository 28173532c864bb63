"""What the next build of a large history costs when one percent of it is new, beside the first build of it.

SLUICE_INCREMENT_EVENTS names how many events it has, where ten million are too many.
"""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from lake import Lake, Task
from silver_loads import SilverLoads

from samples.generator.systems import commerce_events
from samples.generator.systems.commerce_events import LANDED_AT, SIZES, Size

pytestmark = pytest.mark.full

TEN_MILLION = 10_000_000
EVENTS = int(os.environ.get("SLUICE_INCREMENT_EVENTS", TEN_MILLION))
# Of what the incremental models took in the first build, by dbt's own clock.
INCREMENT_MAX = 0.10
# Of what a row costs that is written: what one costs that is only compared, and copied with its month.
COPIED_MAX = 0.4
# Of the first export: what it does beside its datasets, which costs the same however little changed.
BESIDE_MAX = 0.15
TASK_SECONDS = 1800
# An order changes its own month. What tells of customers changes where they ever bought something.
BY_MONTH = ("fct_orders", "fct_order_items")


def history(events: int) -> Size:
    """The year of the large size with about so many events; the sessions of its last days come later."""
    large, part = SIZES["large"], events / TEN_MILLION
    sessions, customers = round(large.sessions * part), round(large.customers * part)
    return replace(large, sessions=sessions, customers=customers, new_per_mille=10, odd_per_mille=0)


class Story:
    """The history is built first, then once more with one percent of new events, which are the newest."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        lake.task_seconds = TASK_SECONDS
        self.loads = SilverLoads(lake, "shop-events", ["events"])
        folder = lake.folder / "deliveries"
        self.lines = commerce_events.write(folder, history(EVENTS))
        self.months = months_of_orders(folder / "late")
        self.first = self.build(folder / "first")
        self.next = self.build(folder / "late")

    def build(self, delivery: Path) -> Task:
        """Each file of a delivery is a batch; nothing is kept of it but its silver."""
        for path in sorted(delivery.iterdir()):
            self.loads.take("events", {path.name: path.read_bytes()}, LANDED_AT[delivery.name], "shop-events")
            shutil.rmtree(self.loads.cleansed.store.folder)
            path.unlink()
        given = {"lane": "commerce", "domains": ["commerce"], "selectors": ["source:lake.events+"]}
        task = self.lake.build(**given)
        assert task.report["verdict"] == "passed", task.report["error"]
        return task

    def events(self, delivery: str) -> int:
        """How many there are in a delivery."""
        return sum(count for path, count in self.lines.items() if path.startswith(f"{delivery}/"))


def months_of_orders(delivery: Path) -> set[str]:
    """The months, as 2026-12, in which an order was placed that a delivery tells of."""
    rows = (json.loads(line) for path in delivery.iterdir() for line in path.read_text().splitlines())
    return {row["occurred_at"][:7] for row in rows if row["event_type"] == "order_placed"}


def seconds(task: Task, names: set[str]) -> dict[str, float]:
    """What each of these models took."""
    return {found["model"]: found["seconds"] for found in task.report["models"] if found["model"] in names}


def exported(task: Task) -> dict[str, tuple[int, int]]:
    """How many files of each dataset were copied, and how many were written."""
    lines = (line for line in task.lines if line["event"] == "exported")
    return {line["dataset"]: (line["copied"], line["written"]) for line in lines}


def test_one_percent_is_new(story):
    """Else the costs below would be those of something else."""
    new, old = story.events("late"), story.events("first")
    print(f"{old} events, then {new}")
    assert abs((new + old) / EVENTS - 1) < 0.05
    assert 0.009 <= new / (new + old) <= 0.011


def test_the_incremental_models_cost_what_is_new(story, manifest):
    names = {node.name for node in manifest.nodes.values() if node.config.materialized == "incremental"}
    first, following = seconds(story.first, names), seconds(story.next, names)
    ratio = sum(following.values()) / sum(first.values())
    others = [round(sum(seconds(task, found - names).values()), 2) for task, found in built(story)]
    print(f"incremental models {ratio:.3f}: {first}, then {following}; all others {others}")
    print(f"CPU seconds {story.first.report['cpu_seconds']}, then {story.next.report['cpu_seconds']}")
    assert first.keys() == following.keys()
    assert ratio <= INCREMENT_MAX


def built(story) -> list[tuple[Task, set[str]]]:
    """Both builds, each with the names of what it built."""
    return [(task, {found["model"] for found in task.report["models"]}) for task in (story.first, story.next)]


def test_the_export_writes_the_months_that_changed_and_copies_the_others(story):
    months = {described["dataset"]: len(described["files"]) for described in story.next.report["datasets"]}
    files = exported(story.next)
    for dataset in BY_MONTH:
        written = len(story.months)
        assert files[dataset] == (months[dataset] - written, written), dataset
    assert all(files[dataset][0] > files[dataset][1] for dataset in BY_MONTH)


def costs(task: Task) -> dict[str, float]:
    """CPU seconds of the export of each dataset."""
    return {line["dataset"]: line["cpu_seconds"] for line in task.lines if line["event"] == "exported"}


def rows_written(story) -> float:
    """The share of the rows of the datasets by month that lie in months that changed."""
    rows = {True: 0, False: 0}
    for described in story.next.report["datasets"]:
        for file in described["files"] if described["dataset"] in BY_MONTH else ():
            year, month = (part.partition("=")[2] for part in file["key"].split("/")[-3:-1])
            rows[f"{year}-{month}" in story.months] += file["rows"]
    return rows[True] / sum(rows.values())


def test_the_export_costs_what_it_writes(story):
    """Of the datasets by month: all months of the others hold customers who bought again."""
    first, following = costs(story.first), costs(story.next)
    ratio = sum(following[name] for name in BY_MONTH) / sum(first[name] for name in BY_MONTH)
    written = rows_written(story)
    print(f"by month {ratio:.3f}, {written:.3f} written: {first}, then {following}")
    assert ratio <= written + (1 - written) * COPIED_MAX


def test_the_export_costs_little_beside_its_datasets(story):
    """A row of one dataset costs twice that of another, so that all of them together tell less."""
    first, following = (task.report["cpu_seconds"]["export"] for task in (story.first, story.next))
    beside = [
        task.report["cpu_seconds"]["export"] - sum(costs(task).values()) for task in (story.first, story.next)
    ]
    print(f"export {first} s CPU, then {following}: {following / first:.3f}; beside its datasets {beside}")
    assert max(beside) <= BESIDE_MAX * first
