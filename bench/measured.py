"""What a measurement needs in a process of its own, so that its peak memory and CPU time are its own."""

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from jobs.cleanse.memory import peak_memory_bytes

Way = Callable[[Path, Path], dict]
"""Does the work once, from an input to an empty folder, and answers what is to be known of it."""


class Disk:
    """The store of a job without a network: files of a folder are linked in, and moved out."""

    def __init__(self, folder: Path, out: Path):
        self.folder, self.out = folder, out

    def fetch(self, item, target: Path) -> None:
        """See jobs.cleanse.store.Store."""
        os.link(self.folder / item.key, target)

    def upload(self, path: Path, bucket: str, key: str) -> dict:
        """See jobs.cleanse.store.Store."""
        os.link(path, self.out / key.replace("/", "_"))
        return {"key": key, "etag": "none", "bytes": path.stat().st_size}


def command_line(about: str, ways: dict[str, Way]) -> None:
    """Measures one way once and prints JSON. Seconds are those of all of it, unless the way says its own."""
    started = time.monotonic()
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("way", choices=list(ways))
    parser.add_argument("source", type=Path)
    parser.add_argument("work", type=Path)
    given = parser.parse_args()
    found = ways[given.way](given.source.resolve(), given.work.resolve())
    result = {"seconds": time.monotonic() - started} | found | {"cpu_seconds": time.process_time()}
    print(json.dumps(result | {"peak_memory_bytes": peak_memory_bytes()}))
