"""What the generators of any size share: rows go to their files as they are made, and one command line."""

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

from .planted import Row


def write_rows(folder: Path, rows: Iterable[tuple[str, Row]]) -> dict[str, int]:
    """Writes each row as a line of the NDJSON file of its path below a folder, and answers rows by path."""
    counts: Counter[str] = Counter()
    with ExitStack() as open_files:
        files = {}
        for name, row in rows:
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
