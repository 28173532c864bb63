"""What the cleanse costs over a plain typed COPY of the same file: `python -m bench.cleanse`, as JSON."""

import argparse
import json
import sys

from bench.cleanse.generate import generate
from bench.cleanse.measure import PLAIN_COPY
from bench.compare import MADE, compared, in_turn

MAX_RATIO = 5.0


def main() -> int:
    """Prints medians, ratio and the single runs; ends with 1 when the ratio is above the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    source = MADE / "cleanse" / f"market_data-{given.rows}.ndjson"
    generate(source, given.rows)
    runs = in_turn("bench.cleanse.measure", ("copy", "cleanse"), source, given.rounds)
    result = {
        "source": {"rows": given.rows, "bytes": source.stat().st_size},
        "statement": " ".join(PLAIN_COPY.format(source="<source>", target="<target>").split()),
        "rows": runs["cleanse"][0]["rows"],
        **compared(runs, "cleanse", "copy", MAX_RATIO),
    }
    print(json.dumps(result, indent=1))
    return 0 if result["ratio"] <= MAX_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
