"""What executors do in Python: rewrite whatever Spark could not read as it stands.

A staged line is the row's position as 18 digits, then its text; so files of any number and form become one.
"""

import itertools
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from jobs.cleanse.gunzip import gunzip
from jobs.cleanse.limits import FETCH_THREADS, MIB
from jobs.cleanse.lines import BOM
from jobs.cleanse.plan import Input
from jobs.cleanse.prepare import Prepared, prepare
from jobs.cleanse.rejects import FileProblem
from jobs.cleanse.store import ObjectMissing

# A position is the place of the input in the plan, then the line: one number, in the order of the batch.
LINE_BITS = 40
POSITION_DIGITS = 18
BLANKS = b" \t\r\n"
# A gzip that unpacks to more than this is staged, which needs a disk but no memory.
MAX_PACKED_BYTES = 512 * MIB


@dataclass(frozen=True)
class Staged:
    """One task's rewritten inputs: where the lines and the rejections are, and (place, rows, problem) of
    each.
    """

    lines_key: str | None
    rejects_key: str | None
    inputs: tuple


def is_one_gzip(item: Input, store) -> bool:
    """Whether Hadoop unpacks a gzip as Python does: one part, nothing behind it, and not too large."""
    with tempfile.TemporaryDirectory(prefix="cleanse-") as work:
        packed, target = Path(work) / "packed", Path(work) / "unpacked"
        try:
            store.fetch(item, packed)
            gunzip(packed, target, MAX_PACKED_BYTES)
        except (FileProblem, ObjectMissing):
            # Told again, with its reason, when the file is staged.
            return False
        # Differs where several parts or padding follow the first.
        with packed.open("rb") as file:
            file.seek(-4, 2)
            return int.from_bytes(file.read(), "little") == target.stat().st_size % 2**32


def stage_inputs(name: str | int, inputs: list, required: tuple, bucket: str, prefix: str, store) -> Staged:
    """Rewrites inputs, given as (place, Input), to one file of staged lines and one of rejections."""
    with tempfile.TemporaryDirectory(prefix="cleanse-") as work:
        folder = Path(work)
        with ThreadPoolExecutor(FETCH_THREADS) as pool:
            tasks = [pool.submit(prepare, item, place, required, store, folder) for place, item in inputs]
            prepared = [(place, task.result()) for (place, _), task in zip(inputs, tasks, strict=True)]
        lines, rejects = folder / "lines", folder / "rejects"
        with lines.open("wb") as out, rejects.open("wb") as spool:
            counted = [(place, _append(place, one, out, spool), one.problem) for place, one in prepared]
        keys = [_keep(path, bucket, f"{prefix}{path.name}-{name}.txt", store) for path in (lines, rejects)]
        return Staged(keys[0], keys[1], tuple(counted))


def _append(place: int, prepared: Prepared, out, spool) -> int:
    """Adds one input's lines and rejections to the common files; returns how many lines are not blank."""
    rows = 0
    if prepared.path is not None:
        with prepared.path.open("rb") as file:
            if file.read(len(BOM)) != BOM:
                file.seek(0)
            for number, line in zip(_numbers(prepared), file, strict=False):
                if line.strip(BLANKS):
                    out.write(b"%018d" % (place << LINE_BITS | number) + line.rstrip(b"\n") + b"\n")
                    rows += 1
        prepared.path.unlink()
    if prepared.rejects.rows:
        spool.write(prepared.rejects.path.read_bytes())
    return rows


def _numbers(prepared: Prepared) -> Iterator[int]:
    """The number of each line: counted, but for rows from quarantine, which bring theirs along."""
    if prepared.numbers is None:
        yield from itertools.count(1)
    else:
        with prepared.numbers.open("rb") as numbers:
            yield from map(int, numbers)


def _keep(path: Path, bucket: str, key: str, store) -> str | None:
    if not path.stat().st_size:
        return None
    store.upload(path, bucket, key)
    return key
