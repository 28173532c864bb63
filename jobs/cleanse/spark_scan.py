"""What executors do in Python: count the lines of large files, and rewrite whatever Spark could not read as it stands.

A staged line is the row's position as 18 digits, then its text; so files of any number and form become one.
"""

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from jobs.cleanse.gunzip import gunzip
from jobs.cleanse.limits import FETCH_THREADS, MAX_LINE_BYTES
from jobs.cleanse.lines import BOM, scan_lines
from jobs.cleanse.plan import Input
from jobs.cleanse.prepare import Prepared, prepare
from jobs.cleanse.rejects import FileProblem
from jobs.cleanse.store import ObjectMissing

# A position is the place of the input in the plan, then the line: one number, in the order of the batch.
LINE_BITS = 40
POSITION_DIGITS = 18
BLANKS = b" \t\r\n"
HEAD_LINES = 200
MAX_HEAD_BYTES = 64 * 1024


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
    """One task's rewritten inputs: where the lines and the rejections are, and (place, rows, problem) of each."""

    lines_key: str | None
    rejects_key: str | None
    bytes: int
    head: tuple
    inputs: tuple


def count_piece(piece: Piece, store) -> Counted:
    """Counts the lines of one piece, and looks for what Spark would read in another way."""
    with tempfile.TemporaryDirectory(prefix="cleanse-") as work:
        path = Path(work) / "piece"
        try:
            readable = _unpack(piece, store, path) if piece.packed else _whole_lines(piece, store, path)
        except (FileProblem, ObjectMissing):
            # Told again, with its reason, when the file is staged.
            readable = False
        scan = scan_lines(path) if readable else None
    return Counted(piece.place, piece.start, scan.lines if scan and scan.regular else None)


def _unpack(piece: Piece, store, target: Path) -> bool:
    packed = target.with_suffix(".packed")
    store.fetch(piece.item, packed)
    gunzip(packed, target)
    with packed.open("rb") as file:
        file.seek(-4, os.SEEK_END)
        said = int.from_bytes(file.read(4), "little")
    # Differs where several parts or padding follow the first: there Hadoop's reader is not to be trusted.
    return said == os.path.getsize(target) % 2**32


def _whole_lines(piece: Piece, store, target: Path) -> bool:
    """Copies the lines that a split holds for Hadoop: those that start after its first byte and up to its stop.

    Source: org.apache.hadoop.mapred.LineRecordReader. The line at the very beginning belongs to the first split.
    """
    end = min(piece.stop + MAX_LINE_BYTES + 2, piece.item.bytes)
    position, begun = piece.start, piece.start == 0
    with target.open("wb") as out:
        for block in store.read_range(piece.item, piece.start, end):
            first = 0
            if not begun:
                first = block.find(b"\n") + 1
                begun = first > 0
            if begun:
                # The last line of the piece is the one whose end is the first at or after the stop.
                last = (
                    block.find(b"\n", max(piece.stop - position, 0))
                    if position + len(block) > piece.stop
                    else -1
                )
                if last >= 0 and last + 1 >= first:
                    out.write(block[first : last + 1] if last + 1 > first else b"")
                    return True
                out.write(block[first:])
            position += len(block)
    # Without an end of line, only the end of the file may stop the last line.
    return position == piece.item.bytes and end == piece.item.bytes


def stage_inputs(number: int, inputs: list, required: tuple, bucket: str, prefix: str, store) -> Staged:
    """Rewrites inputs, given as (place, Input), to one file of staged lines and one of rejections."""
    with tempfile.TemporaryDirectory(prefix="cleanse-") as work:
        folder = Path(work)
        with ThreadPoolExecutor(FETCH_THREADS) as pool:
            tasks = [pool.submit(prepare, item, place, required, store, folder) for place, item in inputs]
            prepared = [(place, task.result()) for (place, _), task in zip(inputs, tasks, strict=True)]
        lines, rejects = folder / "lines", folder / "rejects"
        with lines.open("wb") as out, rejects.open("wb") as spool:
            counted = [(place, _append(place, one, out, spool), one.problem) for place, one in prepared]
        keys = [_keep(path, bucket, f"{prefix}{path.name}-{number}.txt", store) for path in (lines, rejects)]
        return Staged(keys[0], keys[1], lines.stat().st_size, _head(lines), tuple(counted))


def _append(place: int, prepared: Prepared, out, spool) -> int:
    """Adds one input's lines and rejections to the common files; returns how many lines are not blank."""
    rows = 0
    if prepared.path is not None:
        with prepared.path.open("rb") as file:
            if file.read(len(BOM)) != BOM:
                file.seek(0)
            for number, line in enumerate(file, 1):
                if line.strip(BLANKS):
                    out.write(b"%018d" % (place << LINE_BITS | number) + line.rstrip(b"\n") + b"\n")
                    rows += 1
        prepared.path.unlink()
    if prepared.rejects.rows:
        spool.write(prepared.rejects.path.read_bytes())
    return rows


def _keep(path: Path, bucket: str, key: str, store) -> str | None:
    if not path.stat().st_size:
        return None
    store.upload(path, bucket, key)
    return key


def _head(path: Path) -> tuple:
    with path.open("rb") as file:
        block = file.read(MAX_HEAD_BYTES)
    lines = block.split(b"\n")[:-1][:HEAD_LINES]
    return tuple(line[POSITION_DIGITS:].decode("utf-8", "replace") for line in lines)
