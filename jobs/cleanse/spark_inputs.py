"""Decides on the driver how each input is read, and has executors count or rewrite: the batch as lines with
positions.

A large file of JSON lines is read where it lies, by as many tasks as it has pieces (spark_direct).
Everything else (CSV, arrays, small files, versions that Spark cannot name, lines that Spark would read in
another way) is rewritten to staged lines by Python on executors, with the very code of the DuckDB engine, so
that both engines see the same rows.
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
from jobs.cleanse.spark_direct import Direct, Scan
from jobs.cleanse.spark_scan import BLANKS, Staged, is_one_gzip, stage_inputs
from jobs.cleanse.spark_shape import Shape, learn_shape
from jobs.cleanse.store import ObjectMissing
from jobs.compiled import CompiledContract

# Below this size, a task of its own would cost more than the rewriting.
DIRECT_BYTES = 16 * MIB
# What one staging task takes, by landed bytes and by files; its disk must hold it unpacked.
STAGE_TASK_BYTES = 64 * MIB
STAGE_TASK_FILES = 500
# Characters that mean the same in an S3 key, in Hadoop's globs and in a URI.
PLAIN_KEY = re.compile(r"(?!.*(//|/\.|/_[^/]*$))[A-Za-z0-9][A-Za-z0-9=._/-]*")
# Hadoop unpacks by the end of the name, whatever the bytes say.
OTHER_CODECS = (".bz2", ".deflate", ".lz4", ".snappy", ".zst", ".zstd", ".gzip")


@dataclass
class Lines:
    """A whole batch: files read directly, staged ones, rows by place in the plan, and what is wrong with
    files.
    """

    direct: Direct = field(default_factory=Direct)
    # What most lines of the direct files look like, and the lines that do not: all of them without a shape.
    shape: Shape | None = None
    scan: Scan | None = None
    suspects: object = None
    staged: list = field(default_factory=list)
    rows: dict = field(default_factory=dict)
    problems: dict = field(default_factory=dict)


class LineReader:
    """Turns the inputs of a plan into Lines; the sizes are arguments for tests."""

    def __init__(self, spark, store, contract: CompiledContract, direct_bytes: int = DIRECT_BYTES):
        self.spark, self.context, self.store = spark, spark.sparkContext, store
        self.contract, self.direct_bytes = contract, direct_bytes

    def read(self, plan: Plan, exact_only: bool) -> Lines:
        """Counts and stages on executors; only counts, keys and the first lines come back."""
        required = self.contract.required
        lines = Lines()
        with ThreadPoolExecutor(FETCH_THREADS) as pool:
            heads = list(pool.map(lambda item: self._direct_head(item, required), plan.inputs))
        self._read_direct(lines, plan, self._trusted(plan, heads), exact_only)
        rest = [(place, item) for place, item in enumerate(plan.inputs) if place not in lines.rows]
        for staged in self._stage(plan, rest, required) + self._stage_kept(plan, required):
            lines.staged.append(staged)
            for place, rows, problem in staged.inputs:
                lines.rows[place], lines.problems[place] = rows, problem
        return lines

    def _read_direct(self, lines: Lines, plan: Plan, heads: dict, exact_only: bool) -> None:
        """Finds the lines that need the exact rules, and leaves out the files that Python must read."""
        direct = Direct()
        for place, head in heads.items():
            item = plan.inputs[place]
            uri = self.store.uri(item.bucket, item.key)
            # Two inputs of one key and version would share one address; the second is staged.
            if uri not in direct.uris:
                direct.add(uri, place, item.bytes, head)
        while direct.uris:
            shape = self._shape(direct, exact_only)
            scan = direct.scan(self.spark, shape and shape.pattern)
            direct = direct.without(scan.refused)
            if direct.uris and self._shape(direct, exact_only) == shape:
                lines.direct, lines.shape, lines.scan = direct, shape, scan
                lines.suspects = direct.suspects(scan) if shape else direct.text(self.spark)
                lines.rows |= {place: direct.rows(place) for place in direct.uris.values()}
                return
            scan.clear()

    def _shape(self, direct: Direct, exact_only: bool) -> Shape | None:
        return None if exact_only else learn_shape(direct.sample(), self.contract)

    def _trusted(self, plan: Plan, heads: list) -> dict:
        """The heads of the files that Spark may read, by place; packed ones are unpacked once to be sure."""
        wanted = {place: head for place, head in enumerate(heads) if head}
        packed = [(place, plan.inputs[place]) for place in wanted if plan.inputs[place].key.endswith(".gz")]
        opener = self.store.opener()
        unpacked = self._each(packed, len(packed), lambda one: (one[0], is_one_gzip(one[1], opener())))
        refused = {place for place, trusted in unpacked if not trusted}
        return {place: head for place, head in wanted.items() if place not in refused}

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
