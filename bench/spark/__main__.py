"""How much the Spark cleanse costs over a hand-written PySpark job: `python -m bench.spark`, prints JSON.

Both ways run in turn, each in its own process with the same session, and the medians are compared, so that
a busy machine slows both. The hand-written job is in `hand_written.py`.
"""

import argparse
import inspect
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.cleanse.generate import generate
from bench.spark.hand_written import READERS, hand_written

ROOT = Path(__file__).resolve().parents[2]
WAYS = (*READERS, "cleanse")
# The bar is the job that reads texts and casts them; the one that has the reader make types is shown beside
# it.
BAR, MAX_RATIO = "read_texts_and_cast", 1.3


def measure(way: str, source: Path) -> dict:
    """One measurement in a fresh process and an empty directory."""
    with tempfile.TemporaryDirectory(dir=source.parent) as work:
        command = [sys.executable, "-m", "bench.spark.measure", way, str(source), work]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        return json.loads(done.stdout.splitlines()[-1])


def main() -> int:
    """Prints medians, ratios and the single runs; ends with 1 when the ratio is above the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    if shutil.which("java") is None:
        print("Java is missing, so Spark cannot be measured", file=sys.stderr)
        return 2
    source = ROOT / ".sluice" / "bench" / "cleanse" / f"market_data-{given.rows}.ndjson"
    generate(source, given.rows)
    runs: dict = {way: [] for way in WAYS}
    for _ in range(given.rounds):
        for way in WAYS:
            runs[way].append(measure(way, source))
    figures = ("seconds", "cpu_seconds")
    median = {
        name: {way: round(statistics.median(run[name] for run in runs[way]), 2) for way in WAYS}
        for name in figures
    }
    ratio = {
        name: {way: round(median[name]["cleanse"] / median[name][way], 2) for way in READERS}
        for name in figures
    }
    result = {
        "source": {"rows": given.rows, "bytes": source.stat().st_size},
        "statement": inspect.getsource(hand_written),
        **median,
        "ratio": ratio["seconds"][BAR],
        "max_ratio": MAX_RATIO,
        "ratios": ratio,
        "rows": runs["cleanse"][0]["rows"],
        "peak_memory_bytes": {way: max(run["peak_memory_bytes"] for run in runs[way]) for way in WAYS},
        "runs": runs,
    }
    print(json.dumps(result, indent=1))
    return 0 if result["ratio"] <= MAX_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
