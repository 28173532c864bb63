"""Quarantine objects, one at a time: which lines tell of the subject, and the object without these."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from jobs.compact.plan import Part


class QuarantineFiles:
    """Rejected rows of one entity. A row is known by its column, any other text by its words."""

    def __init__(self, column: str, value: str, path: Path):
        self.column, self.value, self.path = column, value, path
        # An id that is a part of a longer one is another id.
        self.word = re.compile(rf"(?<![\w-]){re.escape(value)}(?![\w-])")
        self.sources: set[str] = set()

    def load(self, store, bucket: str, key: str) -> tuple[int, int]:
        """Fetches an object; answers its lines, and how many of them are the subject's."""
        store.fetch(Part(bucket, key, 0), self.path)
        rows = found = 0
        for line, mine in self._lines():
            rows += 1
            if mine:
                found += 1
                source = json.loads(line).get("source_file")
                self.sources |= {source} if source else set()
        return rows, found

    def without(self) -> Path:
        """The loaded object without the subject's lines; it may have none."""
        target = self.path.with_suffix(".new")
        with target.open("wb") as out:
            out.writelines(line for line, mine in self._lines() if not mine)
        return target

    def _lines(self) -> Iterator[tuple[bytes, bool]]:
        with self.path.open("rb") as file:
            for line in file:
                if line.strip():
                    yield line, self._is_mine(json.loads(line))

    def _is_mine(self, kept: dict) -> bool:
        raw = kept.get("raw")
        try:
            row = json.loads(raw) if isinstance(raw, str) else raw
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict) and row.get(self.column) is not None:
            return str(row[self.column]).strip() == self.value
        return bool(self.word.search(raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False)))
