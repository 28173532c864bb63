"""What the systems' data holds on purpose: broken copies of rows, and rows that come twice."""

import json
from dataclasses import dataclass, field

from ..dirt import Reject, Repeat
from ..formats import gzipped

Row = dict


@dataclass
class Place:
    """One file or table with what is in it; `entity` is None where no contract of ours holds it."""

    path: str
    entity: str | None
    rows: list[Row] = field(default_factory=list)
    wrong: list[Reject] = field(default_factory=list)
    twice: list[Repeat] = field(default_factory=list)

    def text(self) -> bytes:
        """The rows as NDJSON."""
        return "".join(json.dumps(row) + "\n" for row in self.rows).encode()

    def content(self) -> bytes:
        """The bytes of the file, gzipped where its name says so."""
        return gzipped(self.text()) if self.path.endswith(".gz") else self.text()


def dirtied(path: str, entity: str | None, key: str, rows: list[Row], dirt: list) -> Place:
    """The place with each broken copy behind its row, and the good version of what comes twice at the end."""
    own = [one for one in dirt if one.stem == path]
    wrong = [one for one in own if isinstance(one, Reject)]
    twice = [one for one in own if isinstance(one, Repeat)]
    if max((one.row for one in own), default=-1) >= len(rows):
        raise ValueError(f"{path} has only {len(rows)} rows")
    place = Place(path, entity, wrong=wrong, twice=twice)
    first = {one.row: one for one in twice if one.column is not None}
    for number, row in enumerate(rows):
        version = first.get(number)
        place.rows.append({**row, version.column: version.value} if version else row)
        for one in wrong:
            if one.row == number:
                place.rows.append(one.line({**row, key: f"{row[key]}-x"}))
    place.rows += [rows[one.row] for one in twice]
    return place
