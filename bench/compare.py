"""Ways of doing one work, measured in turn, each in its own process: a busy machine slows all of them."""

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MADE = ROOT / ".sluice" / "bench"
"""Where the inputs of measurements are kept."""
Runs = dict[str, list[dict]]


def in_turn(module: str, ways: Iterable[str], source: Path, rounds: int) -> Runs:
    """What `python -m <module> <way> <source> <empty folder>` measured, JSON in its last line, by way."""
    runs: Runs = {way: [] for way in ways}
    for _ in range(rounds):
        for way, measured in runs.items():
            measured.append(_measure(module, way, source))
    return runs


def _measure(module: str, way: str, source: Path) -> dict:
    with tempfile.TemporaryDirectory(dir=source.parent) as work:
        command = [sys.executable, "-m", module, way, str(source), work]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        return json.loads(done.stdout.splitlines()[-1])


def compared(runs: Runs, way: str, other: str, max_ratio: float) -> dict:
    """What a comparison prints: medians, how much longer one way takes than another, and memory."""
    median = medians(runs)
    ratio = ratios(median, way, other)
    return {
        **median,
        "ratio": ratio["seconds"],
        "cpu_ratio": ratio["cpu_seconds"],
        "max_ratio": max_ratio,
        "peak_memory_bytes": peaks(runs),
        "runs": runs,
    }


def medians(runs: Runs) -> dict[str, dict[str, float]]:
    """Seconds by way: of the clock, and of processors, whose ratio holds on a busy machine too."""
    return {
        name: {
            way: round(statistics.median(run[name] for run in measured), 2) for way, measured in runs.items()
        }
        for name in ("seconds", "cpu_seconds")
    }


def ratios(median: dict[str, dict[str, float]], way: str, other: str) -> dict[str, float]:
    """How many times as long one way takes as another, by the clock and in processor time."""
    return {name: round(by_way[way] / by_way[other], 2) for name, by_way in median.items()}


def peaks(runs: Runs) -> dict[str, int]:
    """The most memory that a process of each way had, in bytes."""
    return {way: max(run["peak_memory_bytes"] for run in measured) for way, measured in runs.items()}
