"""A JSON array of records, cut into one record a line without building any of it in memory.

Only brackets and strings are looked at. Whether an element is valid JSON is asked later, per line, so one
bad element costs one row.
"""

import re
from pathlib import Path

from jobs.cleanse.limits import BLOCK_BYTES, MAX_LINE_BYTES
from jobs.cleanse.lines import BOM, SUBSTITUTES, is_utf8, too_long
from jobs.cleanse.rejects import RejectSpool

# Possessive throughout: nothing that failed is tried again in another way, so hostile text costs no more
# than plain text.
STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
# A flat record is one token; only nested ones are walked bracket by bracket.
FLAT = rb'\{[^{}\[\]"]*+(?:' + STRING + rb'[^{}\[\]"]*+)*+\}'
TOKEN = re.compile(FLAT + b"|" + STRING + rb'|[{}\[\],"]', re.DOTALL)
STRING_END = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
BLANKS = b" \t\r\n"


def array_to_lines(source: Path, target: Path, rejects: RejectSpool, block_bytes: int = BLOCK_BYTES) -> int:
    """Writes the elements of the array one a line, so that line n is element n; returns their number."""
    with source.open("rb") as file, target.open("wb") as out:
        if file.read(len(BOM)) != BOM:
            file.seek(0)
        return _Splitter(out, rejects).split(file, block_bytes)


class _Splitter:
    """Walks blocks and keeps between them: the depth, whether in a string, the element so far."""

    def __init__(self, out, rejects: RejectSpool):
        self.out, self.rejects = out, rejects
        self.number = 0
        self.depth = 0
        self.in_string = False
        self.closed = False
        self.parts: list[bytes] = []
        self.length = 0

    def split(self, file, block_bytes: int) -> int:
        held = b""
        while more := file.read(block_bytes):
            block = held + more
            # A block never ends between a backslash and what it escapes.
            held = b"\\" if (len(block) - len(block.rstrip(b"\\"))) % 2 else b""
            self._block(block.removesuffix(held) if held else block)
        self._keep(held)
        self._end()
        return self.number

    def _block(self, block: bytes) -> None:
        start = position = 0
        if self.in_string:
            end = STRING_END.match(block)
            if end is None:
                self._keep(block)
                return
            self.in_string, position = False, end.end()
        for token in TOKEN.finditer(block, position):
            mark = block[token.start()]
            if token.end() - token.start() > 1:
                continue
            if mark == ord('"'):
                self.in_string = True
                break
            if mark in b"[{":
                self.depth += 1
                if self.depth == 1 and not self.closed:
                    start = token.end()
            elif mark in b"]}":
                self.depth -= 1
                if self.depth == 0 and not self.closed:
                    self._keep(block[start : token.start()])
                    self._element(last=True)
                    self.closed, start = True, token.end()
            elif self.depth == 1 and not self.closed:
                self._keep(block[start : token.start()])
                self._element(last=False)
                start = token.end()
        self._keep(block[start:])

    def _keep(self, text: bytes) -> None:
        """Adds to the element; beyond the limit only its length grows."""
        if self.length <= MAX_LINE_BYTES:
            self.parts.append(text)
        self.length += len(text)

    def _element(self, last: bool) -> None:
        raw = b"".join(self.parts)
        text, length = raw.strip(BLANKS), self.length
        self.parts, self.length = [], 0
        if last and not text and self.number == 0:
            return
        self.number += 1
        if length > MAX_LINE_BYTES and len(text) > MAX_LINE_BYTES:
            self.rejects.add(self.number, "line_too_long", too_long(length), text)
        elif not is_utf8(text):
            self.rejects.add(self.number, "invalid_utf8", "the element is not UTF-8 text", text)
        elif not text:
            self.rejects.add(
                self.number, "invalid_json", "nothing stands between two commas of the array", ""
            )
        else:
            self.out.write(text.replace(b"\n", b"\t").translate(SUBSTITUTES))
        self.out.write(b"\n")

    def _end(self) -> None:
        rest = b"".join(self.parts).strip(BLANKS)
        if self.closed and not rest:
            return
        detail = "text after the end of the array" if self.closed else "the array does not end"
        self.number += 1
        self.rejects.add(self.number, "json_array_broken", detail, rest)
        self.out.write(b"\n")
