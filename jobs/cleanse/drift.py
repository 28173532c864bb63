"""Unknown columns: which ones a batch probably has, asked before it is read as a whole.

A producer that adds a column adds it to every row. Guessed from a few lines, the new name joins the pattern
of a plain line, and the batch stays fast; a name that was not guessed only costs its rows the exact rules.
"""

import json
import re
from collections import Counter
from itertools import islice
from pathlib import Path

from jobs.cleanse.lines import BOM

SAMPLED_LINES = 1000
SAMPLE_BYTES = 64 * 1024
MAX_GUESSES = 20
# A longer pattern slows every line, so a name that is rare among the lines is left to the exact rules.
MIN_SHARE_PERCENT = 10
# Names that stand for themselves in a pattern and as a field.
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_ -]{0,62}")


def likely_unknown(paths: list[Path], columns: tuple) -> list[str]:
    """Names outside of the contract in a good part of the sampled lines; at most MAX_GUESSES, sorted."""
    known = {name.lower() for name in columns}
    lines_of_each = max(2, SAMPLED_LINES // max(1, len(paths)))
    counts: Counter = Counter()
    sampled = 0
    for path in islice(paths, SAMPLED_LINES):
        for line in _sample(path, lines_of_each):
            sampled += 1
            counts.update(name for name in _members(line) if name.lower() not in known)
    guesses: dict[str, str] = {}
    for name, lines in counts.most_common(MAX_GUESSES):
        # The engine's field names know no case, so of two such names only the more frequent one is guessed.
        if lines * 100 >= sampled * MIN_SHARE_PERCENT and NAME.fullmatch(name):
            guesses.setdefault(name.lower(), name)
    return sorted(guesses.values())


def _sample(path: Path, lines: int) -> list[bytes]:
    """Whole lines from the beginning, the middle and the end of a file."""
    size = path.stat().st_size
    places = [0] if size <= SAMPLE_BYTES else [0, size // 2, size - SAMPLE_BYTES]
    found = []
    with path.open("rb") as file:
        for place in places:
            file.seek(place)
            part = file.read(SAMPLE_BYTES).split(b"\n")
            first, last = (1 if place else 0), (None if place + SAMPLE_BYTES >= size else -1)
            found += part[first:last][: lines // len(places) + 1]
    return found


def _members(line: bytes) -> list[str]:
    try:
        value = json.loads(line.removeprefix(BOM))
    except (ValueError, RecursionError):
        return []
    return list(value) if isinstance(value, dict) else []


def line_of(path: Path, number: int) -> str:
    """One line of a regular file, by its number from 1."""
    with path.open("rb") as file:
        line = next(islice(file, number - 1, number))
    return line.removeprefix(BOM).decode("utf-8")
