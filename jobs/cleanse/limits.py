"""Every bound of the cleanse, each named with its unit."""

MIB = 1024 * 1024

# One record as text. DuckDB reads lines up to its own setting, which must stay above this one.
MAX_LINE_BYTES = 1 * MIB
# One input file after decompression; a gzip bomb ends here. The task's disk must hold a batch, not a bomb.
MAX_FILE_BYTES = 8 * 1024 * MIB
# How much of a rejected text is kept where the whole is too long to keep.
RAW_EXCERPT_CHARACTERS = 4096
# Read and scan block. Not above MAX_LINE_BYTES: a line that is too long then always spans two blocks.
BLOCK_BYTES = 1 * MIB
# Inputs of one batch; the lane hands over fewer.
MAX_INPUTS = 10_000
FETCH_THREADS = 8
# From this size on an object is fetched in parallel ranges.
RANGED_FETCH_BYTES = 64 * MIB
# Lines of one file: the position of a row is its file's place, then so many numbers of lines.
MAX_LINES = 1 << 40
# A line of quarantine: an engine's line, with what JSON adds to it.
MAX_KEPT_BYTES = 8 * MAX_LINE_BYTES
# How much of a text is kept of a row that is rejected again unread; ASCII JSON makes it six times as long.
KEPT_AGAIN_CHARACTERS = MAX_LINE_BYTES // 2
# Files that the rejected rows of one batch come from.
MAX_ORIGINS = 100_000
MAX_DRIFT_COLUMNS = 100
DRIFT_SAMPLE_CHARACTERS = 100
# Changed columns that a report lists, and how much of a value it shows of each.
MAX_SCHEMA_CHANGES = 20
SCHEMA_SAMPLE_CHARACTERS = 40
# Rows below a header that lacks columns are counted up to here; more prove no more.
MAX_COUNTED_ROWS = 1_000_000
# Share of the task's memory that the engine may hold; beyond it DuckDB spills to the task's disk.
MEMORY_SHARE_PERCENT = 60
