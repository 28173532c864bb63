"""Large files of JSON lines that Spark reads where they lie: every line is a row, and has a position."""

import re
from dataclasses import dataclass, field

from jobs.cleanse.limits import MAX_LINE_BYTES
from jobs.cleanse.report import CountsDisagree
from jobs.cleanse.spark_scan import LINE_BITS
from jobs.cleanse.spark_sources import quoted

# The number of a row in its partition, from 0 on: the lower bits of Spark's row ids.
NUMBER = f"(MONOTONICALLY_INCREASING_ID() & {(1 << 33) - 1}L)"
# Files whose first lines tell the shape of a batch, and how many of them.
SAMPLED_FILES, HEAD_LINES = 8, 200
# What only Python may read, as the engines agreed (see `lines`): control characters that one of them stumbles
# over, and bytes that are no UTF-8, which do not come back as they were.
IRREGULAR = (
    "_raw RLIKE '[\\\\r\\\\x00\\\\x01]' OR "
    "ENCODE(DECODE(CAST(_raw AS BINARY), 'UTF-8'), 'UTF-8') <> CAST(_raw AS BINARY)"
)


class Scan:
    """What one pass over the files found: the pieces by task, the lines of each, and those that missed."""

    def __init__(self, counted, pieces: list, kept: bool):
        self.pieces = pieces
        self.counted = counted.cache() if kept else counted
        by_task = self.counted.groupBy("task").agg(
            {"lines": "sum", "bytes": "max", "irregular": "max", "miss": "count"}
        )
        found = {row["task"]: row for row in by_task.collect()}
        self.lines = {piece: found[at]["sum(lines)"] if at in found else 0 for at, piece in enumerate(pieces)}
        self.missed = sum(row["count(miss)"] for row in found.values())
        # The places of the files that only Python may read.
        self.refused = {
            pieces[at][0]
            for at, row in found.items()
            if row["max(bytes)"] > MAX_LINE_BYTES or row["max(irregular)"]
        }

    def clear(self) -> None:
        """Gives up what was kept."""
        self.counted.unpersist()


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

    def scan(self, spark, pattern: str | None) -> "Scan":
        """Counts the lines of each piece and finds those that miss a pattern, if there is one, in one pass.

        To Spark it is one count by task and by line that misses; the lines that do not count as one.
        """
        from pyspark.sql import functions as F

        frame = self._read(spark)
        pieces = self._pieces(frame)
        # Numbered before any condition, since the number counts how often it was asked for. A line that is
        # too long is only measured: Python reads its file.
        rows = frame.selectExpr("SPARK_PARTITION_ID() AS task", f"{NUMBER} AS number", "value")
        odd = f"OCTET_LENGTH(value) <= {MAX_LINE_BYTES} AND NOT value RLIKE {quoted(pattern or '')}"
        missing = f"CASE WHEN {odd} THEN STRUCT(number, value) END"
        rows = rows.selectExpr("task", "value", f"{missing if pattern else 'NULL'} AS miss")
        # A line that has the shape is regular, so only the others are looked at.
        rows = rows.selectExpr("*", f"{'miss.value' if pattern else 'value'} AS _raw")
        items = ["task", "miss", "OCTET_LENGTH(value) AS bytes", f"{IRREGULAR} AS irregular"]
        counts = [
            F.count("*").alias("lines"),
            F.max("bytes").alias("bytes"),
            F.max("irregular").alias("irregular"),
        ]
        counted = rows.selectExpr(*items).groupBy("task", "miss").agg(*counts)
        scan = Scan(counted, pieces, pattern is not None)
        self.lines = scan.lines
        return scan

    def text(self, spark):
        """All lines: `_pos` and `_raw`.

        A position counts the lines before the piece, plus the row's number: a partition holds exactly one
        piece (spark_settings).
        """
        frame = self._read(spark)
        pieces = self._pieces(frame)
        if sorted(pieces) != sorted(self.lines):
            raise CountsDisagree("Spark cut the files in other pieces than were counted: no line is known")
        position = self._position(pieces, "SPARK_PARTITION_ID()", NUMBER)
        return frame.selectExpr(f"{position} AS _pos", "value AS _raw")

    def suspects(self, scan: "Scan"):
        """The lines that missed the pattern of a scan, but those of files that were left out since."""
        position = self._position(scan.pieces, "task", "miss.number")
        missed = scan.counted.where("miss IS NOT NULL")
        return missed.selectExpr(f"{position} AS _pos", "miss.value AS _raw").where("_pos IS NOT NULL")

    def _position(self, pieces: list, task: str, number: str) -> str:
        """The expression of a position from a task and the number, from 0 on, of a row in its piece."""
        before: dict = {}
        firsts = {}
        for place, start in sorted(self.lines):
            firsts[place, start] = place << LINE_BITS | before.get(place, 0)
            before[place] = before.get(place, 0) + self.lines[place, start]
        known = ", ".join(f"{firsts[piece]}L" if piece in firsts else "NULL" for piece in pieces)
        return f"ELEMENT_AT(ARRAY({known}), {task} + 1) + {number} + 1"

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
