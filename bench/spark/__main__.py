"""What the Spark cleanse costs over a hand-written PySpark job: `python -m bench.spark`, as JSON.

All ways have the same session. The hand-written job is in `hand_written.py`.
"""

import argparse
import inspect
import json
import shutil
import sys

from bench.cleanse.generate import generate
from bench.compare import MADE, compared, in_turn, medians, ratios
from bench.spark.hand_written import READERS, hand_written

# The bar is the job that reads texts and casts them; the one that has the reader make types is shown beside
# it.
BAR, MAX_RATIO = "read_texts_and_cast", 1.3


def main() -> int:
    """Prints medians, ratios and the single runs; ends with 1 when the ratio is above the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    if shutil.which("java") is None:
        print("Java is missing, so Spark cannot be measured", file=sys.stderr)
        return 2
    source = MADE / "cleanse" / f"market_data-{given.rows}.ndjson"
    generate(source, given.rows)
    runs = in_turn("bench.spark.measure", (*READERS, "cleanse"), source, given.rounds)
    median = medians(runs)
    result = {
        "source": {"rows": given.rows, "bytes": source.stat().st_size},
        "statement": inspect.getsource(hand_written),
        "ratios": {reader: ratios(median, "cleanse", reader) for reader in READERS},
        "rows": runs["cleanse"][0]["rows"],
        **compared(runs, "cleanse", BAR, MAX_RATIO),
    }
    print(json.dumps(result, indent=1))
    return 0 if result["ratio"] <= MAX_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
