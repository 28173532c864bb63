"""How much the cleanse costs over a plain typed COPY of the same file: `python -m bench.cleanse`, prints
JSON.

Both ways run in turn, each in its own process, and the medians are compared, so that a busy machine slows
both.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.cleanse.generate import generate
from bench.cleanse.measure import PLAIN_COPY

ROOT = Path(__file__).resolve().parents[2]
WAYS = ("copy", "cleanse")
MAX_RATIO = 5.0


def measure(way: str, source: Path) -> dict:
    """One measurement in a fresh process and an empty directory."""
    with tempfile.TemporaryDirectory(dir=source.parent) as work:
        command = [sys.executable, "-m", "bench.cleanse.measure", way, str(source), work]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        return json.loads(done.stdout)


def main() -> int:
    """Prints medians, ratio and the single runs; ends with 1 when the ratio is above the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    source = ROOT / ".sluice" / "bench" / "cleanse" / f"market_data-{given.rows}.ndjson"
    generate(source, given.rows)
    runs: dict = {way: [] for way in WAYS}
    for _ in range(given.rounds):
        for way in WAYS:
            runs[way].append(measure(way, source))
    median = {way: statistics.median(run["seconds"] for run in runs[way]) for way in WAYS}
    cpu = {way: statistics.median(run["cpu_seconds"] for run in runs[way]) for way in WAYS}
    ratio = median["cleanse"] / median["copy"]
    result = {
        "source": {"rows": given.rows, "bytes": source.stat().st_size},
        "statement": " ".join(PLAIN_COPY.format(source="<source>", target="<target>").split()),
        "seconds": {way: round(value, 2) for way, value in median.items()},
        "ratio": round(ratio, 2),
        "max_ratio": MAX_RATIO,
        # Of the whole process, start included: this ratio holds on a busy machine too.
        "cpu_seconds": {way: round(value, 2) for way, value in cpu.items()},
        "cpu_ratio": round(cpu["cleanse"] / cpu["copy"], 2),
        "rows": runs["cleanse"][0]["rows"],
        "peak_memory_bytes": {way: max(run["peak_memory_bytes"] for run in runs[way]) for way in WAYS},
        "runs": runs,
    }
    print(json.dumps(result, indent=1))
    return 0 if ratio <= MAX_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
