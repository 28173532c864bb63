"""From a landed object to a file of lines that an engine can read, or to a reason why not."""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from jobs.cleanse.csv_records import csv_to_lines
from jobs.cleanse.gunzip import MAGIC, gunzip
from jobs.cleanse.json_array import array_to_lines
from jobs.cleanse.limits import BLOCK_BYTES, KEPT_AGAIN_CHARACTERS, MAX_FILE_BYTES
from jobs.cleanse.lines import BOM, is_blank, rewrite_lines, scan_lines
from jobs.cleanse.plan import Input, Kept
from jobs.cleanse.rejects import FileProblem, RejectSpool
from jobs.cleanse.store import ObjectMissing

# Told by their first bytes, because their lines would only be noise in quarantine.
FOREIGN = {
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a zip file",
    b"\x28\xb5\x2f\xfd": "a zstd file",
    b"BZh": "a bzip2 file",
    b"\xff\xfe{\0": "UTF-16 text",
    b"\xff\xfe[\0": "UTF-16 text",
    b"\xfe\xff\0{": "UTF-16 text",
    b"\xfe\xff\0[": "UTF-16 text",
}


@dataclass(frozen=True)
class Prepared:
    """One input, ready to read: a regular file of JSON lines, or None, and what was rejected.

    `numbers` is a file with the number of each line where lines are not numbered through.
    """

    path: Path | None
    lines: int
    rejects: RejectSpool
    problem: str | None = None
    numbers: Path | None = None


def prepare(item: Input, place: int, required: tuple, store, work: Path) -> Prepared:
    """Fetches, unpacks and, where needed, rewrites one input below `work`. Only S3 failures are raised."""
    rejects = RejectSpool(work / f"{place}.rejects", place)
    if item.kept:
        return _kept(item.kept, rejects)
    try:
        path, lines = _lines_of(item, place, required, store, work, rejects)
        return Prepared(path, lines, rejects)
    except FileProblem as problem:
        # One row for the whole file: rows that were rejected before the problem showed are covered by it.
        rejects.close()
        whole = RejectSpool(rejects.path, place)
        whole.add(None, problem.rule, problem.detail, "")
        rejects = whole
        return Prepared(None, 0, rejects, problem.rule)
    finally:
        rejects.close()


def _kept(kept: Kept, rejects: RejectSpool) -> Prepared:
    """Rows that quarantine kept: their texts as an engine reads them, and those that are rejected again."""
    if kept.again:
        with kept.again.open("rb") as file:
            for line in file:
                rejects.add(**json.loads(line), characters=KEPT_AGAIN_CHARACTERS)
        rejects.close()
    return Prepared(kept.texts, kept.lines, rejects, numbers=kept.numbers)


def _lines_of(
    item: Input, place: int, required: tuple, store, work: Path, rejects: RejectSpool
) -> tuple[Path, int]:
    path = work / f"{place}.input"
    if item.bytes > MAX_FILE_BYTES:
        raise FileProblem("file_too_large", f"{item.bytes} bytes, at most {MAX_FILE_BYTES} are read")
    try:
        store.fetch(item, path)
    except ObjectMissing as error:
        raise FileProblem("file_missing", "the file was not there any more when it was to be read") from error
    if _head(path).startswith(MAGIC):
        packed, path = path, work / f"{place}.unpacked"
        gunzip(packed, path)
        os.unlink(packed)
    return _regular(path, work / f"{place}.lines", item.key, required, rejects)


def _regular(path: Path, target: Path, key: str, required: tuple, rejects: RejectSpool) -> tuple[Path, int]:
    if is_blank(path):
        raise FileProblem("file_empty", "the file holds no row at all")
    layout = file_layout(key, _head(path), required)
    if layout == "lines":
        scan = scan_lines(path)
        if scan.regular:
            return path, scan.lines
        lines = rewrite_lines(path, target, rejects)
    elif layout == "array":
        lines = array_to_lines(path, target, rejects)
    else:
        lines = csv_to_lines(path, target, rejects, required)
    os.unlink(path)
    return target, lines


def file_layout(key: str, head: bytes, required: tuple) -> str:
    """lines, array or csv: by the name, then by the first bytes; anything else is a FileProblem."""
    for magic, what in FOREIGN.items():
        if head.startswith(magic):
            raise FileProblem(
                "file_format_unknown", f"this is {what}; JSON lines, JSON arrays and CSV are read"
            )
    name = re.sub(r"\.(gz|gzip)$", "", key.lower())
    text = head.removeprefix(BOM).lstrip(b" \t\r\n")
    if name.endswith((".ndjson", ".jsonl")):
        return "lines"
    if name.endswith(".csv"):
        return "csv"
    if text.startswith(b"["):
        return "array"
    if name.endswith(".json") or text.startswith(b"{"):
        return "lines"
    first = text.split(b"\n", 1)[0].lower()
    if all(column.encode() in first for column in required):
        return "csv"
    raise FileProblem(
        "file_format_unknown", "neither its name nor its beginning say JSON lines, JSON array or CSV"
    )


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(BLOCK_BYTES)
