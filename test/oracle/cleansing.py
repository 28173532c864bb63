"""Counts what the gate must count, and keeps the latest version of each key."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from .reading import read_rows
from .rules import Entity, Typed


@dataclass
class FileOutcome:
    """One file's rows: in = valid + rejected; a later line of the file replaces the `repeated` among them."""

    name: str
    rows: int = 0
    valid: int = 0
    repeated: int = 0
    reasons: Counter = field(default_factory=Counter)


@dataclass
class Outcome:
    """One entity's rows over all files, and the newest version of each key."""

    entity: Entity
    files: list[FileOutcome] = field(default_factory=list)
    unknown_columns: Counter = field(default_factory=Counter)
    latest: dict[tuple, dict[str, Typed]] = field(default_factory=dict)

    def reasons(self) -> Counter:
        """Rejected rows by reason."""
        return sum((file.reasons for file in self.files), Counter())

    def summary(self) -> dict:
        """The counts as plain JSON; rows_in = keys + superseded + rejected."""
        rows_in = sum(file.rows for file in self.files)
        valid = sum(file.valid for file in self.files)
        return {
            "source": self.entity.source,
            "files": len(self.files),
            "rows_in": rows_in,
            "valid": valid,
            "keys": len(self.latest),
            "superseded": valid - len(self.latest),
            "superseded_within_files": sum(file.repeated for file in self.files),
            "rejected": rows_in - valid,
            "reasons": dict(sorted(self.reasons().items())),
            "unknown_columns": dict(sorted(self.unknown_columns.items())),
        }


def count_file(path: Path, name: str, outcome: Outcome) -> None:
    """Add one file to the outcome; its later lines replace earlier versions of the same key."""
    entity = outcome.entity
    known = {column.name for column in entity.columns}
    file = FileOutcome(name)
    seen: set[tuple] = set()
    for raw in read_rows(path, entity.required()):
        file.rows += 1
        row, reason = (None, raw.problem) if raw.values is None else entity.check(raw.values)
        if raw.values is not None:
            outcome.unknown_columns.update(column for column in raw.values if column not in known)
        if row is None:
            file.reasons[reason] += 1
            continue
        file.valid += 1
        key = tuple(row[column] for column in entity.key)
        file.repeated += key in seen
        seen.add(key)
        outcome.latest[key] = row
    outcome.files.append(file)


def cleanse(folder: Path, entity: Entity) -> Outcome:
    """Read every file below `<folder>/<source>` in order of its path; no folder means no files."""
    outcome = Outcome(entity)
    source = folder / entity.source
    paths = sorted(path for path in source.rglob("*") if path.is_file()) if source.is_dir() else []
    for path in sorted(paths, key=lambda path: path.relative_to(source).as_posix()):
        count_file(path, path.relative_to(source).as_posix(), outcome)
    return outcome
