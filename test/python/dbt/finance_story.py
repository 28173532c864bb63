"""The life of the lane finance and risk: the samples but for some files, then these and corrections."""

import gzip
import json
from pathlib import Path

from lake import Lake, Task
from silver_loads import SilverLoads

from test.oracle import compare
from test.oracle.truth import compute

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
SOURCES = {"market_data": "market-data", "transactions": "trading"}
LANDED_AT = {"1-first": "2026-01-10T08:00:00Z", "2-late": "2026-01-11T08:00:00Z"}
# Some files come late (of the trades the last: nobody sells what he has not bought), and some come again.
LATE = {"market-data": ("2012-05", "2012-06"), "trading": ("2013-02", "2013-03")}
CORRECTED = ("2011-09", "2012-09", "2012-08")
BUILDS = {"first": ["1-first"], "late": ["2-late"], "anew": []}
# Its marts are compared by their own rules, which know each dataset by name.
KEYS = {dataset: dataset for dataset in compare.KEYS}


def differences(rows: list[dict], truth: list[dict], dataset: str, _within: None = None) -> list[str]:
    """What differs from the truth, in words: money to the cent, returns to 1e-9."""
    return compare.compare(dataset, rows, truth)


class Story:
    """One lane's life, with the truth after each build."""

    def __init__(self, lake: Lake) -> None:
        self.lake, folder = lake, lake.folder / "deliveries"
        self.loads = SilverLoads(lake, "", sorted(SOURCES))
        self.truth, self.tasks = {}, {}
        for build, deliveries in BUILDS.items():
            for delivery in deliveries:
                self._land(delivery, folder)
            self.truth[build] = compute(folder).marts
            self.tasks[build] = self.build(mode="full_refresh" if build == "anew" else "standard")

    def build(self, **changes) -> Task:
        """One build of the lane over everything new."""
        return self.lake.build(**changes)

    def _land(self, delivery: str, truth: Path) -> None:
        """Cleanses the files of a delivery; the truth reads them in the same order, by their paths."""
        for entity, source in SOURCES.items():
            files = delivered(delivery, source)
            for name, body in files.items():
                path = truth / source / delivery / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(body)
            named = {f"{delivery}-{name}": body for name, body in files.items()}
            self.loads.take(entity, named, LANDED_AT[delivery], source)


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
