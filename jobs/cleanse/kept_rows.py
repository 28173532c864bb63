"""One line of quarantine, and the rows of one file of origin as an engine is to read them again."""

import json
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from jobs.cleanse.limits import MAX_LINE_BYTES, MAX_LINES
from jobs.cleanse.lines import SUBSTITUTES
from jobs.cleanse.plan import Input, Kept

# The reason of a row that quarantine does not hold well enough to judge it again.
IMPOSSIBLE = "replay_impossible"
REASON = re.compile(r"[a-z0-9_]{1,200}")


@dataclass
class Origin:
    """The rows of one file while they are collected: texts to judge with their lines, rows to reject again.

    The first line of the texts stays blank: a byte order mark only counts at the beginning of a file.
    """

    item: Input
    folder: Path
    last: int = 0
    lines: int = 0
    again: int = 0
    files: dict = field(default_factory=dict)

    def judge(self, line: int, text: bytes) -> None:
        """Keeps a text to judge with the number of its line."""
        if not self.lines:
            self._add("texts", b"\n")
            self._add("numbers", b"0\n")
            self.lines = 1
        self._add("texts", text + b"\n")
        self._add("numbers", b"%d\n" % line)
        self.lines, self.last = self.lines + 1, line

    def reject(self, row: dict) -> None:
        """Keeps a row that is rejected again without a judgement."""
        self._add("again", json.dumps(row).encode() + b"\n")
        self.again += 1

    def _add(self, name: str, text: bytes) -> None:
        if name not in self.files:
            self.folder.mkdir(exist_ok=True)
            self.files[name] = (self.folder / name).open("ab")
        self.files[name].write(text)

    def close(self) -> None:
        """Files are opened again when more follows: one object may hold rows of thousands of files."""
        for file in self.files.values():
            file.close()
        self.files = {}

    def input(self) -> Input:
        """The input of the plan that stands for this file's rows."""
        self.close()
        size_bytes = (self.folder / "texts").stat().st_size if self.lines else 0
        kept = Kept(self.folder, self.lines, self.again)
        return replace(self.item, bytes=size_bytes, rejected=False, kept=kept)


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
