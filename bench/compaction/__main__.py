"""What a compaction costs over DuckDB's own COPY of the same files: `python -m bench.compaction`, as JSON.

Both ways run in turn, each in its own process, and the medians are compared, so that a busy machine slows
both. The job counts with its validation, which reads both sides again.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.compaction.generate import generate
from bench.compaction.measure import PLAIN_COPY

ROOT = Path(__file__).resolve().parents[2]
WAYS = ("copy", "job")
MAX_RATIO = 2.0
MAX_MEMORY_BYTES = 512 * 1024**2


def measure(way: str, folder: Path) -> dict:
    """One measurement in a fresh process and an empty directory."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        command = [sys.executable, "-m", "bench.compaction.measure", way, str(folder), work]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        return json.loads(done.stdout)


def main() -> int:
    """Prints medians, ratios and the single runs; ends with 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    folder = ROOT / ".sluice" / "bench" / "compaction" / f"{given.files}x{given.rows}"
    paths = generate(folder, given.files, given.rows)
    runs: dict = {way: [] for way in WAYS}
    for _ in range(given.rounds):
        for way in WAYS:
            runs[way].append(measure(way, folder))
    wall, cpu = (
        {way: statistics.median(run[name] for run in runs[way]) for way in WAYS}
        for name in ("seconds", "cpu_seconds")
    )
    peak = {way: max(run["peak_memory_bytes"] for run in runs[way]) for way in WAYS}
    result = {
        "source": {"files": given.files, "rows": given.files * given.rows, "bytes": _bytes(paths)},
        "statement": PLAIN_COPY,
        "seconds": {way: round(value, 2) for way, value in wall.items()},
        "ratio": round(wall["job"] / wall["copy"], 2),
        # Of the whole process: this ratio holds on a busy machine too.
        "cpu_seconds": {way: round(value, 2) for way, value in cpu.items()},
        "cpu_ratio": round(cpu["job"] / cpu["copy"], 2),
        "max_ratio": MAX_RATIO,
        "peak_memory_bytes": peak,
        "max_memory_bytes": MAX_MEMORY_BYTES,
        "runs": runs,
    }
    print(json.dumps(result, indent=1))
    missed = wall["job"] > MAX_RATIO * wall["copy"] or peak["job"] > MAX_MEMORY_BYTES
    return 1 if missed else 0


def _bytes(paths: list[Path]) -> int:
    return sum(path.stat().st_size for path in paths)


if __name__ == "__main__":
    sys.exit(main())
