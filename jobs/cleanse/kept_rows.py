"""One line of quarantine, and the rows of one file of origin as an engine is to read them again."""

import json
import re
from array import array
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from jobs.cleanse.limits import MAX_LINE_BYTES, MAX_LINES
from jobs.cleanse.lines import SUBSTITUTES
from jobs.cleanse.plan import Input, Kept

# The reason of a row that quarantine does not hold well enough to judge it again.
IMPOSSIBLE = "replay_impossible"
# A row stands in quarantine once; more copies than this of one line are rejected unread.
MAX_TURNS = 8
REASON = re.compile(r"[a-z0-9_]{1,200}")


class Origin:
    """The rows of one file while they are collected, from any object: texts to judge and others."""

    def __init__(self, item: Input, folder: Path):
        self.item, self.folder = item, folder
        self.lines, self.ends, self.again = array("q"), array("q", [0]), 0
        self.files: dict = {}

    def judge(self, line: int, text: bytes) -> None:
        """Keeps a text to judge, with the number of its line."""
        self._open("collected").write(text + b"\n")
        self.lines.append(line)
        self.ends.append(self.ends[-1] + len(text) + 1)

    def reject(self, row: dict) -> None:
        """Keeps a row that is rejected again without a judgement."""
        self._open("again").write(json.dumps(row).encode() + b"\n")
        self.again += 1

    def _open(self, name: str):
        if name not in self.files:
            self.folder.mkdir(exist_ok=True)
            self.files[name] = (self.folder / name).open("ab")
        return self.files[name]

    def close(self) -> None:
        """Files are opened again when more follows: one object may hold rows of thousands of files."""
        for file in self.files.values():
            file.close()
        self.files = {}

    def inputs(self) -> list[Input]:
        """The rows as inputs of a plan in the order of their lines; a line that comes twice makes another."""
        self.close()
        turns: list[_Texts] = []
        if self.lines:
            with (self.folder / "collected").open("rb") as collected:
                for at, turn in self._ordered():
                    if turn >= MAX_TURNS:
                        detail = f"quarantine holds this row more than {MAX_TURNS} times"
                        self.reject(refused(self.lines[at], IMPOSSIBLE, detail, ""))
                        continue
                    if turn == len(turns):
                        turns.append(_Texts(self.folder / str(turn)))
                    collected.seek(self.ends[at])
                    turns[turn].write(self.lines[at], collected.read(self.ends[at + 1] - self.ends[at]))
            (self.folder / "collected").unlink()
            self.close()
        again = self.folder / "again" if self.again else None
        if not turns:
            return [replace(self.item, bytes=0, rejected=False, kept=Kept(None, None, 0, again))]
        kept = [texts.kept(again if turn == 0 else None) for turn, texts in enumerate(turns)]
        return [replace(self.item, bytes=one.texts.stat().st_size, rejected=False, kept=one) for one in kept]

    def _ordered(self) -> Iterator[tuple[int, int]]:
        """Rows by line, each with how often its line has come before."""
        last, turn = 0, 0
        for at in sorted(range(len(self.lines)), key=self.lines.__getitem__):
            turn = turn + 1 if self.lines[at] == last else 0
            last = self.lines[at]
            yield at, turn


class _Texts:
    """Texts as an engine reads them, and beside them the number of each line.

    The first line stays blank: a byte order mark only counts at the beginning of a file.
    """

    def __init__(self, folder: Path):
        folder.mkdir()
        self.paths = folder / "texts", folder / "numbers"
        self.texts, self.numbers = (path.open("wb") for path in self.paths)
        self.lines = 0
        self.write(0, b"\n")

    def write(self, line: int, text: bytes) -> None:
        """Adds a text, which has its line end."""
        self.texts.write(text)
        self.numbers.write(b"%d\n" % line)
        self.lines += 1

    def kept(self, again: Path | None) -> Kept:
        """Ends the files; `again` are the rows to reject that go with them."""
        self.texts.close()
        self.numbers.close()
        return Kept(*self.paths, self.lines, again)


class KeptRow:
    """One line of quarantine: where its row came from, and the text to judge, or why there is none."""

    def __init__(self, item: Input, number: int, line: bytes):
        self.item, self.line, self.text, self.refusal = item, number, None, None
        self.source = (item.key, item.version_id, item.landed_at)
        try:
            row = json.loads(line)
            reason, raw = row["reason"], row.get("raw")
            origin = (row["source_file"], row.get("source_version"))
            if not REASON.fullmatch(reason):
                raise ValueError(f"no reason: {reason}")
            # Texts, and such as UTF-8 can write.
            "".join([origin[0], origin[1] or "", row.get("detail") or ""]).encode()
        except (ValueError, KeyError, TypeError, RecursionError):
            text = line.decode("utf-8", "replace")
            self.refusal = refused(number, IMPOSSIBLE, "this line of quarantine cannot be read", text)
            return
        self.line = row.get("line")
        landed_at = _moment(row.get("ingested_at"))
        if landed_at is None:
            detail = f"rejected as {reason}, at a time when quarantine did not keep when a row had landed"
            self._set_source(origin, item.landed_at)
            self.refusal = refused(self.line, IMPOSSIBLE, detail, raw)
            return
        self._set_source(origin, landed_at)
        self._find_text(row, reason, raw)

    def _set_source(self, origin: tuple, landed_at: datetime) -> None:
        key, version = origin
        self.source = (key, version, landed_at)
        self.item = replace(self.item, key=key, version_id=version, landed_at=landed_at, rejected=False)

    def _find_text(self, row: dict, reason: str, raw) -> None:
        # Only what a rule rejected has no detail of its own, and then its text is whole.
        numbered = isinstance(self.line, int) and 0 < self.line < MAX_LINES
        if row.get("detail") is not None or not numbered or not isinstance(raw, str):
            self.refusal = refused(self.line, reason, row.get("detail"), raw)
            return
        try:
            text = raw.encode("utf-8").replace(b"\n", b"\t").translate(SUBSTITUTES)
        except UnicodeEncodeError:
            text = b""
        if not text.strip() or len(text) > MAX_LINE_BYTES:
            self.refusal = refused(self.line, reason, "the text that was kept is none to judge", raw)
            return
        self.text = text

    def go(self, origin: Origin) -> None:
        """Hands the row to its origin."""
        if self.refusal is not None:
            origin.reject(self.refusal)
        else:
            origin.judge(self.line, self.text)


def refused(line: int | None, reason: str, detail: str | None, raw) -> dict:
    """A row to reject again, as RejectSpool.add takes it."""
    text = raw if isinstance(raw, str) else "" if raw is None else json.dumps(raw)
    text = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return {"line": line, "rule": reason, "detail": detail, "raw": text}


def _moment(text) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found.astimezone(UTC) if found.tzinfo else None
