"""Rejections that are found while a file is read, before any rule is asked."""

import json
from pathlib import Path

from jobs.cleanse.limits import RAW_EXCERPT_CHARACTERS


class FileProblem(Exception):
    """The file as a whole cannot be read; it counts as one rejected row without a line."""

    def __init__(self, rule: str, detail: str):
        super().__init__(f"{rule}: {detail}")
        self.rule = rule
        self.detail = detail


class RejectSpool:
    """Collects rejections of one input in a file, since a hostile input can hold millions of them."""

    def __init__(self, path: Path, place: int):
        self.path = path
        self.place = place
        self.rows = 0
        self._out = None

    def add(
        self,
        line: int | None,
        rule: str,
        detail: str | None,
        raw: bytes | str,
        characters: int = RAW_EXCERPT_CHARACTERS,
    ) -> None:
        """Spools one rejected row with the beginning of its text, where bad bytes show as U+FFFD."""
        if self._out is None:
            self._out = self.path.open("w", encoding="utf-8")
        excerpt = raw[: 4 * characters]
        text = excerpt.decode("utf-8", "replace") if isinstance(excerpt, bytes) else excerpt
        row = {
            "place": self.place,
            "line": line,
            "reason": rule,
            "detail": detail,
            "raw": text[:characters],
        }
        # ASCII only: whatever the input held, this spool can be read back.
        self._out.write(json.dumps(row) + "\n")
        self.rows += 1

    def close(self) -> None:
        """Ends the spool; there is no file when nothing was rejected."""
        if self._out is not None:
            self._out.close()
            self._out = None
