"""Lines of text: what the engine may read as it stands, and the rewriting of what it may not.

A regular file is UTF-8 with line feeds, no carriage returns, no control characters that would split a line
for the engine, and no line above the limit. Rewriting keeps every line at its number: a line that is
rejected here leaves a blank one behind.
"""

import codecs
from dataclasses import dataclass
from pathlib import Path

from jobs.cleanse.limits import BLOCK_BYTES, MAX_LINE_BYTES
from jobs.cleanse.rejects import RejectSpool

BOM = codecs.BOM_UTF8
# The engine takes 0x01 as the delimiter that never comes. In JSON it is as illegal as 0x02, which stands in
# for it and for NUL. A bare carriage return is white space in JSON, and illegal inside strings, exactly
# like the tab that stands in for it.
SUBSTITUTES = bytes.maketrans(b"\r\x01\x00", b"\t\x02\x02")


@dataclass(frozen=True)
class Scan:
    """What one pass over a file tells: its lines, and whether the engine may read it as it stands."""

    lines: int
    regular: bool


def scan_lines(path: Path) -> Scan:
    """Counts lines and looks for what makes a file irregular, block by block."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = pending = 0
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK_BYTES):
            first = block.find(b"\n")
            if first < 0:
                pending += len(block)
            else:
                lines += block.count(b"\n")
                too_long = pending + first > MAX_LINE_BYTES
                pending = len(block) - block.rfind(b"\n") - 1
                if too_long:
                    return Scan(0, False)
            if pending > MAX_LINE_BYTES or b"\r" in block or b"\x01" in block or b"\x00" in block:
                return Scan(0, False)
            if not block.isascii() or decoder.getstate()[0]:
                try:
                    decoder.decode(block)
                except UnicodeDecodeError:
                    return Scan(0, False)
    return Scan(lines + (1 if pending else 0), not decoder.getstate()[0])


def rewrite_lines(source: Path, target: Path, rejects: RejectSpool) -> int:
    """Writes a regular copy of JSON lines without what cannot be read; returns the number of lines."""
    number = 0
    with source.open("rb") as file, target.open("wb") as out:
        if file.read(len(BOM)) != BOM:
            file.seek(0)
        for number, line, length in numbered_lines(file):
            if length > MAX_LINE_BYTES:
                rejects.add(number, "line_too_long", too_long(length), line)
            elif not is_utf8(line):
                rejects.add(number, "invalid_utf8", "the line is not UTF-8 text", line)
            else:
                out.write(line.rstrip(b"\r").translate(SUBSTITUTES))
            out.write(b"\n")
    return number


def numbered_lines(file, max_bytes: int = MAX_LINE_BYTES):
    """Yields (number from 1, bytes without the line feed, full length); a line above the limit comes cut."""
    number = 0
    while line := file.readline(max_bytes + 2):
        number += 1
        length = len(line)
        while not line.endswith(b"\n") and (more := file.readline(BLOCK_BYTES)):
            length += len(more)
            if more.endswith(b"\n"):
                break
        yield number, line.removesuffix(b"\n"), length - 1 if line.endswith(b"\n") else length


def too_long(length: int) -> str:
    """The sentence that goes with `line_too_long`."""
    return f"{length} bytes, at most {MAX_LINE_BYTES} are read; the text shown here is its beginning"


def is_utf8(text: bytes) -> bool:
    """Whether the bytes are UTF-8 text."""
    if text.isascii():
        return True
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def is_blank(path: Path) -> bool:
    """Whether a file holds nothing but blanks, line ends and perhaps a byte order mark."""
    with path.open("rb") as file:
        block = file.read(BLOCK_BYTES).removeprefix(BOM)
        while not block.strip(b" \t\r\n"):
            block = file.read(BLOCK_BYTES)
            if not block:
                return True
    return False
