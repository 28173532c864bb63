"""The marts of ten million campaign results equal the truth, on slices of days that plain Python can hold.

SLUICE_MARKETING_SIZE names the size, where the large one is too much: of the small one every day is compared.
"""

import os
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from lake import Lake
from raw_loads import RawLoads
from test_marketing import KEYS, WITHIN

from samples.generator.systems import marketing
from test.oracle import exact
from test.oracle.campaigns import marketing_marts

pytestmark = pytest.mark.full

SIZE = os.environ.get("SLUICE_MARKETING_SIZE", "large")
CAMPAIGNS, DAYS = marketing.SIZES[SIZE]
LOADS = ("load-1", "load-2")
SLICES, SLICE_DAYS_MAX = 4, 25
TASK_SECONDS = 1800
DAY_OF_A_LINE = re.compile(r'"(?:segments_date|date_start)": "([0-9-]{10})"')
DAY_COLUMNS = {"fct_campaign_performance": "performance_date", "daily_campaign_summary": "summary_date"}


class Story:
    """Both loads are there before the only build."""

    def __init__(self, lake: Lake) -> None:
        self.lake, self.folder = lake, lake.folder / "deliveries"
        lake.task_seconds = TASK_SECONDS
        marketing.write(self.folder, SIZE)
        raw = RawLoads(lake)
        for load in LOADS:
            raw.load(self.folder / load)
        self.task = raw.build()
        assert self.task.report["verdict"] == "passed", self.task.report["error"]
        cut(self.folder, lake.folder / "slices")

    def rows(self, dataset: str, begin: date, end: date) -> list[dict]:
        """What gold has of these days, without the last."""
        column = DAY_COLUMNS[dataset]
        where = f"{column} >= date '{begin}' and {column} < date '{end}'"
        return self.lake.gold(self.task, dataset, where)


def slices() -> Iterator[tuple[date, date]]:
    """Days from all of the time, each slice from its first to the one after its last."""
    apart = DAYS // SLICES
    for offset in range(0, apart * SLICES, apart):
        begin = marketing.FIRST_DAY + timedelta(days=offset)
        yield begin, begin + timedelta(days=min(apart, SLICE_DAYS_MAX))


def cut(folder: Path, target: Path) -> None:
    """Writes the lines of each slice as loads of their own, in `<target>/<first day>/<load>/`."""
    slice_of = {
        str(begin + timedelta(days=n)): str(begin)
        for begin, end in slices()
        for n in range((end - begin).days)
    }
    for path in sorted(folder.glob("*/*.ndjson")):
        kept: dict[str, list[str]] = {}
        with path.open() as lines:
            for line in lines:
                if name := slice_of.get(DAY_OF_A_LINE.search(line).group(1)):
                    kept.setdefault(name, []).append(line)
        for name, found in kept.items():
            part = target / name / path.relative_to(folder)
            part.parent.mkdir(parents=True, exist_ok=True)
            part.write_text("".join(found))


def test_no_result_is_lost_or_doubled(story):
    """Of each campaign and day there is one, however often it was loaded."""
    rows = {described["dataset"]: described["rows"] for described in story.task.report["datasets"]}
    report = story.task.report
    print(f"{rows}, {report['seconds']}, CPU {report['cpu_seconds']}, {report['peak_memory_bytes']} bytes")
    assert rows["fct_campaign_performance"] == 2 * CAMPAIGNS * DAYS


@pytest.mark.parametrize(("begin", "end"), slices(), ids=lambda day: str(day))
def test_the_marts_equal_the_truth(story, begin, end):
    truth = marketing_marts(story.lake.folder / "slices" / str(begin) / load for load in LOADS)
    assert len(truth["fct_campaign_performance"]) == 2 * CAMPAIGNS * (end - begin).days
    for dataset, key in KEYS.items():
        rows = story.rows(dataset, begin, end)
        assert exact.differences(rows, truth[dataset], key, WITHIN) == [], dataset
