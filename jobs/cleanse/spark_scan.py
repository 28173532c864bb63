"""What executors do in Python: count the lines of large files, and rewrite whatever Spark could not read as
it stands.

A staged line is the row's position as 18 digits, then its text; so files of any number and form become one.
"""

import itertools
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from jobs.cleanse.gunzip import gunzip
from jobs.cleanse.limits import FETCH_THREADS, MAX_LINE_BYTES, MIB
from jobs.cleanse.lines import BOM, is_utf8
from jobs.cleanse.plan import Input
from jobs.cleanse.prepare import Prepared, prepare
from jobs.cleanse.rejects import FileProblem
from jobs.cleanse.store import ObjectMissing

# A position is the place of the input in the plan, then the line: one number, in the order of the batch.
LINE_BITS = 40
POSITION_DIGITS = 18
BLANKS = b" \t\r\n"
HEAD_LINES = 200
# A gzip that unpacks to more than this is staged, which needs a disk but no memory.
MAX_PACKED_BYTES = 512 * MIB


@dataclass(frozen=True)
class Piece:
    """A part of a large file that one task of Spark will read; `packed` ones are whole gzip files."""

    place: int
    item: Input
    start: int
    stop: int
    packed: bool


@dataclass(frozen=True)
class Counted:
    """Lines that start in a piece, or None where Spark must not read the file as it stands."""

    place: int
    start: int
    lines: int | None


@dataclass(frozen=True)
class Staged:
    """One task's rewritten inputs: where the lines and the rejections are, and (place, rows, problem) of
    each.
    """

    lines_key: str | None
    rejects_key: str | None
    inputs: tuple


def count_piece(piece: Piece, store) -> Counted:
    """Counts the lines of one piece; None when Spark would read one of them in another way than the
    engines agreed.
    """
    try:
        text = _unpacked(piece, store) if piece.packed else _whole_lines(piece, store)
    except (FileProblem, ObjectMissing):
        # Told again, with its reason, when the file is staged.
        text = None
    lines = None if text is None else _records(text, piece.stop == piece.item.bytes)
    return Counted(piece.place, piece.start, lines)


def _unpacked(piece: Piece, store) -> bytes | None:
    with tempfile.TemporaryDirectory(prefix="cleanse-") as work:
        packed, target = Path(work) / "packed", Path(work) / "unpacked"
        store.fetch(piece.item, packed)
        gunzip(packed, target, MAX_PACKED_BYTES)
        # Differs where several parts or padding follow the first: there Hadoop's reader is not to be trusted.
        said = int.from_bytes(packed.read_bytes()[-4:], "little")
        return target.read_bytes() if said == target.stat().st_size % 2**32 else None


def _whole_lines(piece: Piece, store) -> bytes | None:
    """The lines that a split holds for Hadoop: those that start after its first byte and up to its stop.

    Source: org.apache.hadoop.mapred.LineRecordReader. The line at the very beginning belongs to the first
    split.
    """
    end = min(piece.stop + MAX_LINE_BYTES + 2, piece.item.bytes)
    text = b"".join(store.read_range(piece.item, piece.start, end))
    if len(text) != end - piece.start:
        return None
    first = 0
    if piece.start:
        first = text.find(b"\n") + 1
        if first == 0:
            return b"" if end == piece.item.bytes else None
    # The piece ends with the line whose end is the first at or after the stop.
    last = text.find(b"\n", piece.stop - piece.start) + 1
    if last == 0:
        return text[first:] if end == piece.item.bytes else None
    return text[first:last]


def _records(text: bytes, last: bool) -> int | None:
    """The lines of a piece when each starts an object and none is irregular (see `lines`), else None.

    Only then is each line one row for every reader. Blank lines at the end of a file move no other line.
    """
    if any(byte in text for byte in (b"\r", b"\0", b"\1")) or not is_utf8(text) or not _short_lines(text):
        return None
    text = text.removesuffix(b"\n")
    rows = text.rstrip(b"\n") if last else text
    objects = rows.count(b"\n{") + rows.startswith(b"{")
    lines = rows.count(b"\n") + 1 if rows else 0
    return lines + text.count(b"\n", len(rows)) if lines == objects else None


def _short_lines(text: bytes) -> bool:
    start = 0
    while start + MAX_LINE_BYTES < len(text):
        start = text.rfind(b"\n", start, start + MAX_LINE_BYTES + 1) + 1
        if start == 0:
            return False
    return True


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
