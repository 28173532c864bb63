"""What a compaction costs over DuckDB's own COPY of the same files: `python -m bench.compaction`, as JSON.

The job counts with its validation, which reads both sides again.
"""

import argparse
import json
import sys

from bench.compaction.generate import generate
from bench.compaction.measure import PLAIN_COPY
from bench.compare import MADE, compared, in_turn

MAX_RATIO = 2.0
MAX_MEMORY_BYTES = 512 * 1024**2


def main() -> int:
    """Prints medians, ratios and the single runs; ends with 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    folder = MADE / "compaction" / f"{given.files}x{given.rows}"
    paths = generate(folder, given.files, given.rows)
    runs = in_turn("bench.compaction.measure", ("copy", "job"), folder, given.rounds)
    size = sum(path.stat().st_size for path in paths)
    result = {
        "source": {"files": given.files, "rows": given.files * given.rows, "bytes": size},
        "statement": PLAIN_COPY,
        "max_memory_bytes": MAX_MEMORY_BYTES,
        **compared(runs, "job", "copy", MAX_RATIO),
    }
    print(json.dumps(result, indent=1))
    return 0 if result["ratio"] <= MAX_RATIO and result["peak_memory_bytes"]["job"] <= MAX_MEMORY_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
