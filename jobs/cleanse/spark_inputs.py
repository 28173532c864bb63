"""Decides on the driver how each input is read, and has executors count or rewrite: the batch as lines with
positions.

A large file of JSON lines is read where it lies, by as many tasks as it has pieces. Everything else (CSV,
arrays, small files, versions that Spark cannot name, lines that Spark would read in another way) is
rewritten to staged lines by Python on executors, with the very code of the DuckDB engine, so that both
engines see the same rows.
"""

import re
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from jobs.cleanse.gunzip import MAGIC
from jobs.cleanse.limits import BLOCK_BYTES, FETCH_THREADS, MAX_FILE_BYTES, MIB
from jobs.cleanse.lines import BOM
from jobs.cleanse.plan import Input, Plan
from jobs.cleanse.prepare import file_layout
from jobs.cleanse.rejects import FileProblem
from jobs.cleanse.spark_scan import BLANKS, HEAD_LINES, LINE_BITS, Piece, Staged, count_piece, stage_inputs
from jobs.cleanse.store import ObjectMissing

# Below this size, a task of its own would cost more than the rewriting.
DIRECT_BYTES = 16 * MIB
# What one staging task takes, by landed bytes and by files; its disk must hold it unpacked.
STAGE_TASK_BYTES = 64 * MIB
STAGE_TASK_FILES = 500
# Files whose first lines tell the shape of a batch.
SAMPLED_FILES = 8
# Characters that mean the same in an S3 key, in Hadoop's globs and in a URI.
PLAIN_KEY = re.compile(r"(?!.*(//|/\.|/_[^/]*$))[A-Za-z0-9][A-Za-z0-9=._/-]*")
# Hadoop unpacks by the end of the name, whatever the bytes say.
OTHER_CODECS = (".bz2", ".deflate", ".lz4", ".snappy", ".zst", ".zstd", ".gzip")


@dataclass
class Direct:
    """Files that Spark reads where they lie, and for each piece: address, start, position before it, and
    its lines.
    """

    uris: dict = field(default_factory=dict)
    pieces: list = field(default_factory=list)
    heads: list = field(default_factory=list)

    def sample(self) -> list[str]:
        """First lines of the largest files."""
        largest = sorted(self.heads, key=lambda head: -head[0])[:SAMPLED_FILES]
        return [line for _, lines in largest for line in lines]


@dataclass
class Lines:
    """A whole batch: files read directly, staged ones, rows by place in the plan, and what is wrong with
    files.
    """

    direct: Direct = field(default_factory=Direct)
    staged: list = field(default_factory=list)
    rows: dict = field(default_factory=dict)
    problems: dict = field(default_factory=dict)


class LineReader:
    """Turns the inputs of a plan into Lines; the sizes are arguments for tests."""

    def __init__(self, spark, store, split_bytes: int, direct_bytes: int = DIRECT_BYTES):
        self.context, self.store = spark.sparkContext, store
        self.split_bytes, self.direct_bytes = split_bytes, direct_bytes

    def read(self, plan: Plan, required: tuple) -> Lines:
        """Counts and stages on executors; only counts, keys and the first lines come back."""
        lines = Lines()
        with ThreadPoolExecutor(FETCH_THREADS) as pool:
            heads = list(pool.map(lambda item: self._direct_head(item, required), plan.inputs))
        wanted = {place: head for place, head in enumerate(heads) if head}
        counted = self._count(plan, wanted)
        for place, head in wanted.items():
            if None not in counted[place].values():
                self._add_direct(lines, plan.inputs[place], place, counted[place], head)
        rest = [(place, item) for place, item in enumerate(plan.inputs) if place not in lines.rows]
        for staged in self._stage(plan, rest, required) + self._stage_kept(plan, required):
            lines.staged.append(staged)
            for place, rows, problem in staged.inputs:
                lines.rows[place], lines.problems[place] = rows, problem
        return lines

    def _direct_head(self, item: Input, required: tuple) -> bytes | None:
        """The beginning of a file that Spark may read where it lies, unpacked; None for all others."""
        key = item.key.lower()
        if item.kept:
            return None
        if not self.direct_bytes <= item.bytes <= MAX_FILE_BYTES or key.endswith(OTHER_CODECS):
            return None
        if not PLAIN_KEY.fullmatch(item.key) or not self.store.is_current(item):
            return None
        try:
            head = b"".join(self.store.read_range(item, 0, min(BLOCK_BYTES, item.bytes)))
            packed = head.startswith(MAGIC)
            if packed != item.key.endswith(".gz"):
                return None
            head = zlib.decompressobj(31).decompress(head, BLOCK_BYTES) if packed else head
            readable = head.strip(BLANKS) and not head.startswith(BOM)
            return head if readable and file_layout(item.key, head, required) == "lines" else None
        except (FileProblem, ObjectMissing, zlib.error):
            return None

    def _count(self, plan: Plan, wanted: dict) -> dict:
        pieces = [piece for place in wanted for piece in self._pieces(place, plan.inputs[place])]
        opener = self.store.opener()
        counted: dict = {place: {} for place in wanted}
        for one in self._each(pieces, len(pieces), lambda piece: count_piece(piece, opener())):
            counted[one.place][one.start] = one.lines
        return counted

    def _pieces(self, place: int, item: Input) -> list[Piece]:
        if item.key.endswith(".gz"):
            return [Piece(place, item, 0, item.bytes, True)]
        starts = range(0, item.bytes, self.split_bytes)
        return [Piece(place, item, at, min(at + self.split_bytes, item.bytes), False) for at in starts]

    def _add_direct(self, lines: Lines, item: Input, place: int, counted: dict, head: bytes) -> None:
        uri = self.store.uri(item.bucket, item.key)
        if uri in lines.direct.uris:
            # Two inputs of one key and version would share one address; the second is staged.
            return
        lines.direct.uris[uri] = place
        before = 0
        for start in sorted(counted):
            lines.direct.pieces.append((uri, start, place << LINE_BITS | before, counted[start]))
            before += counted[start]
        lines.rows[place] = before
        texts = head.decode("utf-8", "replace").split("\n")[:-1]
        lines.direct.heads.append((item.bytes, texts[:HEAD_LINES]))

    def _stage(self, plan: Plan, rest: list, required: tuple) -> list[Staged]:
        total = sum(item.bytes for _, item in rest)
        task_bytes = min(STAGE_TASK_BYTES, total // self.context.defaultParallelism + 1)
        groups: list = []
        for place, item in rest:
            if item.kept:
                continue
            full = not groups or groups[-1][0] >= task_bytes or len(groups[-1][1]) >= STAGE_TASK_FILES
            if full:
                groups.append([0, []])
            groups[-1][0] += item.bytes
            groups[-1][1].append((place, item))
        opener, bucket, prefix = self.store.opener(), plan.silver_bucket, f"{plan.pending_prefix}_staged/"

        def stage(numbered):
            number, inputs = numbered
            return stage_inputs(number, inputs, required, bucket, prefix, opener())

        return self._each([(number, inputs) for number, (_, inputs) in enumerate(groups)], len(groups), stage)

    def _stage_kept(self, plan: Plan, required: tuple) -> list[Staged]:
        """Rows from quarantine lie on the driver's disk, so they are staged here."""
        kept = [(place, item) for place, item in enumerate(plan.inputs) if item.kept]
        prefix = f"{plan.pending_prefix}_staged/"
        return [stage_inputs("kept", kept, required, plan.silver_bucket, prefix, self.store)] if kept else []

    def _each(self, items: list, tasks: int, work) -> list:
        return self.context.parallelize(items, tasks).map(work).collect() if items else []
