"""Large files of JSON lines that Spark reads where they lie: every line is a row, and has a position."""

import re
from dataclasses import dataclass, field

from jobs.cleanse.limits import MAX_LINE_BYTES
from jobs.cleanse.report import CountsDisagree
from jobs.cleanse.spark_scan import LINE_BITS

# Files whose first lines tell the shape of a batch, and how many of them.
SAMPLED_FILES, HEAD_LINES = 8, 200
# The lower bits of Spark's row ids number the rows of a partition.
ROW_MASK = (1 << 33) - 1
# What only Python may read, as the engines agreed (see `lines`): control characters that one of them stumbles
# over, and bytes that are no UTF-8, which do not come back as they were.
IRREGULAR = (
    "_raw RLIKE '[\\\\r\\\\x00\\\\x01]' OR "
    "ENCODE(DECODE(CAST(_raw AS BINARY), 'UTF-8'), 'UTF-8') <> CAST(_raw AS BINARY)"
)


@dataclass
class Direct:
    """Addresses with their places in the plan; the lines of each piece by (place, start); the first lines."""

    uris: dict = field(default_factory=dict)
    lines: dict = field(default_factory=dict)
    heads: dict = field(default_factory=dict)

    def add(self, uri: str, place: int, item_bytes: int, head: bytes) -> None:
        """Takes a file in, given the beginning of its text."""
        self.uris[uri] = place
        texts = head.decode("utf-8", "replace").split("\n")[:-1]
        self.heads[place] = (item_bytes, texts[:HEAD_LINES])

    def without(self, places: set) -> "Direct":
        """The same but for some files."""
        return Direct(
            {uri: place for uri, place in self.uris.items() if place not in places},
            {piece: lines for piece, lines in self.lines.items() if piece[0] not in places},
            {place: head for place, head in self.heads.items() if place not in places},
        )

    def sample(self) -> list[str]:
        """First lines of the largest files."""
        largest = sorted(self.heads.values(), key=lambda head: -head[0])[:SAMPLED_FILES]
        return [line for _, lines in largest for line in lines]

    def rows(self, place: int) -> int:
        """The lines of one file."""
        return sum(lines for (one, _), lines in self.lines.items() if one == place)

    def count(self, spark) -> set[int]:
        """Counts the lines of each piece; returns the places of files with a line that is too long."""
        if not self.uris:
            return set()
        frame = self._read(spark)
        found = (
            frame.selectExpr("SPARK_PARTITION_ID() AS task", "OCTET_LENGTH(value) AS bytes")
            .groupBy("task")
            .agg({"*": "count", "bytes": "max"})
            .collect()
        )
        counted = {row["task"]: row for row in found}
        pieces = self._pieces(frame)
        self.lines = {
            piece: counted[at]["count(1)"] if at in counted else 0 for at, piece in enumerate(pieces)
        }
        return {pieces[at][0] for at, row in counted.items() if row["max(bytes)"] > MAX_LINE_BYTES}

    def text(self, spark, condition: str):
        """The lines that meet a condition over `value`: `_pos` and `_raw`.

        A position counts the lines before the piece, plus the row's number: a partition holds exactly one
        piece (spark_settings).
        """
        frame = self._read(spark)
        before: dict = {}
        firsts = {}
        for place, start in sorted(self.lines):
            firsts[place, start] = place << LINE_BITS | before.get(place, 0)
            before[place] = before.get(place, 0) + self.lines[place, start]
        pieces = self._pieces(frame)
        if sorted(pieces) != sorted(firsts):
            raise CountsDisagree("Spark cut the files in other pieces than were counted: no line is known")
        positions = ", ".join(f"{firsts[piece]}L" for piece in pieces)
        first = f"ELEMENT_AT(ARRAY({positions}), SPARK_PARTITION_ID() + 1)"
        number = f"(MONOTONICALLY_INCREASING_ID() & {ROW_MASK}L)"
        numbered = frame.selectExpr(f"{first} + {number} + 1 AS _pos", "value")
        return numbered.where(condition).selectExpr("_pos", "value AS _raw")

    def _read(self, spark):
        return spark.read.option("lineSep", "\n").text(list(self.uris))

    def _pieces(self, frame) -> list[tuple[int, int]]:
        """The piece, as (place, start), that Spark's plan gives to each task."""
        # Spark may spell an address in another way than it was given (file:/// for file:/).
        known = {_path_of(uri): place for uri, place in self.uris.items()}
        tasks = [task.files() for task in frame._jdf.queryExecution().toRdd().partitions()]
        pieces = [
            (known[_path_of(piece.filePath().urlEncoded())], piece.start())
            for task in tasks
            for piece in task
        ]
        if len(pieces) != len(tasks):
            raise CountsDisagree("Spark gave several pieces to one task: no line is known")
        return pieces


def _path_of(uri: str) -> str:
    return re.sub(r"^[a-z0-9+.-]+:/*", "", uri)
