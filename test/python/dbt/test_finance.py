"""The marts of finance and risk equal the truth: of most sample files, then of late and corrected ones."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

import pytest
from lake import Task
from mart_story import MartStory
from silver_loads import SilverLoads

from test.oracle import compare
from test.oracle.truth import compute

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
SOURCES = {"market_data": "market-data", "transactions": "trading"}
LANDED_AT = {"1-first": "2026-01-10T08:00:00Z", "2-late": "2026-01-11T08:00:00Z"}
# Some files come late (of the trades the last: nobody sells what he has not bought), and some come again.
LATE = {"market-data": ("2012-05", "2012-06"), "trading": ("2013-02", "2013-03")}
CORRECTED = ("2011-09", "2012-09", "2012-08")

# Four builds, and the samples through the cleanse.
pytestmark = pytest.mark.full


class Story(MartStory):
    """The files of the samples, as the two producers drop them."""

    builds: ClassVar = {"first": ["1-first"], "late": ["2-late"], "anew": []}
    keys: ClassVar = {dataset: dataset for dataset in compare.KEYS}
    # Staging is half merged; then one mart is written and the other is not.
    kills = ("model main.stg_market_data ", "model main.daily_portfolio_summary ")

    def begin(self) -> None:
        self.loads = SilverLoads(self.lake, "", sorted(SOURCES))

    def land(self, delivery: str) -> None:
        """Cleanses the files of a delivery; the truth reads them in the same order, by their paths."""
        for entity, source in SOURCES.items():
            files = delivered(delivery, source)
            for name, body in files.items():
                path = self.folder / source / delivery / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(body)
            named = {f"{delivery}-{name}": body for name, body in files.items()}
            self.loads.take(entity, named, LANDED_AT[delivery], source)

    def marts(self, build: str) -> dict[str, list[dict]]:
        """What has landed until now, whatever the build."""
        return compute(self.folder).marts

    def build(self, **changes) -> Task:
        return self.lake.build(**changes)

    def differences(self, rows: Iterable[dict], truth: Iterable[dict], dataset: str) -> list[str]:
        """Money to the cent, returns to 1e-9: by rules that know each dataset by name."""
        return compare.compare(dataset, list(rows), list(truth))


def delivered(delivery: str, source: str) -> dict[str, bytes]:
    """The files of one delivery by name."""
    files = {path.name: path.read_bytes() for path in sorted((SAMPLES / source).iterdir())}
    late = {name: body for name, body in files.items() if any(month in name for month in LATE[source])}
    if delivery == "1-first":
        return {name: body for name, body in files.items() if name not in late}
    again = {
        f"again-{name.removesuffix('.gz')}": corrected(
            gzip.decompress(body) if name.endswith(".gz") else body
        )
        for name, body in files.items()
        if any(month in name for month in CORRECTED) and ".ndjson" in name
    }
    assert late and again, f"{source} has no late files, or none that can be corrected"
    return late | again


def corrected(body: bytes) -> bytes:
    """The same records with prices a tenth higher, and each purchase once more under a new key."""
    rows = []
    for line in body.splitlines():
        try:
            row = json.loads(line)
            for name in ("open", "high", "low", "close", "adjusted_close", "price"):
                if name in row:
                    row[name] = round(float(row[name]) * 1.1, 6)
        except (TypeError, ValueError):
            # What the cleanse refuses is not corrected.
            continue
        rows.append(json.dumps(row))
        if row.get("side") == "BUY":
            rows.append(json.dumps(row | {"transaction_id": f"{row['transaction_id']}-late"}))
    return "\n".join(rows).encode() + b"\n"


@pytest.mark.parametrize("dataset", Story.keys)
@pytest.mark.parametrize("build", Story.builds)
def test_a_mart_equals_the_truth(story, build, dataset):
    assert story.wrong(build, dataset) == []


def test_builds_that_were_killed_in_the_middle_leave_nothing(story):
    """The comparison above is with the attempt after them."""
    assert story.left_behind() == []


def test_the_late_delivery_has_what_it_is_for(story):
    """Else the comparison above would show nothing."""
    for dataset in Story.keys:
        names = compare.KEYS[dataset]
        first, late = (
            {tuple(row[name] for name in names): row for row in story.truth[build][dataset]}
            for build in ("first", "late")
        )
        assert late.keys() - first.keys(), f"nothing is new in {dataset}"
        assert any(first[key] != late[key] for key in first.keys() & late.keys()), dataset
