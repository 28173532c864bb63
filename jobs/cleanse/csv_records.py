"""CSV records as JSON lines, so that one set of rules reads both.

A record stands at the number of the physical line where it starts: further lines of it, the header and
rejected ones become blank lines. Every field stays text; an empty field is the same as a missing one.
"""

import csv
import json
import re
from collections import deque
from itertools import islice
from pathlib import Path

from jobs.cleanse.limits import MAX_COUNTED_ROWS, MAX_LINE_BYTES
from jobs.cleanse.lines import BOM, is_utf8, numbered_lines, too_long
from jobs.cleanse.rejects import FileProblem, RejectSpool

HEADER_RULE = "column_missing_in_header"
LACKING = re.compile(r"the header above ([0-9]+) rows lacks ([a-z0-9_, ]+): ")


class _PhysicalLines:
    """Feeds the csv reader and remembers what a record took, so that a broken one can be given back."""

    def __init__(self, file, rejects: RejectSpool):
        self.lines = numbered_lines(file)
        self.rejects = rejects
        self.waiting: deque = deque()
        self.taken: list = []

    def __iter__(self):
        return self

    def __next__(self) -> str:
        number, text = self.waiting.popleft() if self.waiting else self._next_readable()
        self.taken.append((number, text))
        return text

    def _next_readable(self) -> tuple[int, str]:
        for number, line, length in self.lines:
            if length > MAX_LINE_BYTES:
                self.rejects.add(number, "line_too_long", too_long(length), line)
            elif not is_utf8(line):
                self.rejects.add(number, "invalid_utf8", "the line is not UTF-8 text", line)
            else:
                return number, line.decode("utf-8") + "\n"
        raise StopIteration

    def text(self) -> str:
        """The record as it stood in the file, without its last line end."""
        return "".join(text for _, text in self.taken).rstrip("\r\n")

    def give_back_all_but_first(self) -> None:
        """After a broken record, its further lines are read again, each as the start of a record."""
        self.waiting.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


def csv_to_lines(source: Path, target: Path, rejects: RejectSpool, required: tuple) -> int:
    """Writes each record as a JSON object at its line; returns the lines. The header may be a FileProblem."""
    csv.field_size_limit(MAX_LINE_BYTES)
    with source.open("rb") as file, target.open("w", encoding="utf-8", newline="\n") as out:
        if file.read(len(BOM)) != BOM:
            file.seek(0)
        lines = _PhysicalLines(file, rejects)
        reader = csv.reader(lines, strict=True)
        header = _header(reader, lines, required)
        written = 0
        for number, row in _records(reader, lines, rejects):
            record = _record(header, row, number, lines, rejects)
            if record is not None:
                out.write("\n" * (number - 1 - written) + record + "\n")
                written = number
        return written


def _header(reader, lines: _PhysicalLines, required: tuple) -> list[str]:
    try:
        row = next(reader)
        while not any(field.strip() for field in row):
            row = next(reader)
    except (csv.Error, StopIteration) as error:
        raise FileProblem("header_unreadable", f"no header could be read: {error}") from error
    # Spreadsheets change case and add blanks, so both are forgiven; contracts only have lower case names.
    names = [field.strip().lower() or f"column_{place}" for place, field in enumerate(row, 1)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise FileProblem("column_twice_in_header", f"the header names {', '.join(twice)} more than once")
    missing = [name for name in required if name not in names]
    if missing:
        header = lines.text()[:1000]
        # A record of several lines counts as several here: what lacks a column is refused either way.
        rows = sum(1 for _, line, _ in islice(lines.lines, MAX_COUNTED_ROWS) if line.strip())
        raise FileProblem(HEADER_RULE, f"the header above {rows} rows lacks {', '.join(missing)}: {header}")
    lines.taken.clear()
    return names


def read_lacking(detail: str) -> tuple[list[str], int]:
    """The columns that a header lacks and the rows below it, from the detail of its file's rejection."""
    found = LACKING.match(detail)
    return (found[2].split(", "), int(found[1])) if found else ([], 0)


def _records(reader, lines: _PhysicalLines, rejects: RejectSpool):
    """Yields (line, fields) of each record that can be read; goes on after a broken one."""
    while True:
        lines.taken.clear()
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            lines.give_back_all_but_first()
            rejects.add(lines.taken[0][0], "csv_malformed", f"{error}", lines.text())
            continue
        if len(row) > 1 or (row and row[0].strip()):
            yield lines.taken[0][0], row


def _record(header: list, row: list, number: int, lines: _PhysicalLines, rejects: RejectSpool) -> str | None:
    if len(row) != len(header):
        detail = f"the header has {len(header)} fields, this row {len(row)}"
        rejects.add(number, "wrong_number_of_fields", detail, lines.text())
        return None
    record = json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=False)
    if len(record) * 4 > MAX_LINE_BYTES and len(record.encode()) > MAX_LINE_BYTES:
        rejects.add(number, "line_too_long", too_long(len(record.encode())), lines.text())
        return None
    return record
