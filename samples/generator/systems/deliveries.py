"""What the generators of any size share: rows go to their files as they are made, and one command line."""

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

from .planted import Row

LINES_PER_FILE = 500_000


def write_rows(
    folder: Path, rows: Iterable[tuple[str, Row]], lines_per_file: int = LINES_PER_FILE
) -> dict[str, int]:
    """Writes each row as a line of an NDJSON file and answers the lines by path.

    A row comes with the path of its kind below the folder: `first/users` is in `first/users-0000.ndjson`, and
    what is more than a file takes in the next one.
    """
    counts: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    with ExitStack() as open_files:
        files = {}
        for kind, row in rows:
            name = f"{kind}-{kinds[kind] // lines_per_file:04}.ndjson"
            kinds[kind] += 1
            if name not in files:
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                files[name] = open_files.enter_context(path.open("w"))
            files[name].write(json.dumps(row) + "\n")
            counts[name] += 1
    return dict(counts)


def command_line(about: str, sizes: Iterable[str], seed: int, write: Callable[..., dict[str, int]]) -> None:
    """Writes what is asked for, `<folder> [--size <size>] [--seed <number>]`, and prints the counts."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", choices=list(sizes), default="small")
    parser.add_argument("--seed", type=int, default=seed)
    print(json.dumps(write(**vars(parser.parse_args()))))
