"""What the pipeline must say about the files in <folder>/<source>/, computed from nothing but these files."""

import argparse
import json
import sys
from pathlib import Path

from .truth import compute, plain


def print_summary(truth) -> None:
    """The counts, and the last rows of each mart, for a person."""
    for outcome in truth.outcomes:
        summary = outcome.summary()
        reasons = summary.pop("reasons")
        print(outcome.entity.name, *(f"{name}={value}" for name, value in summary.items()), sep="  ")
        for reason, rows in reasons.items():
            print(f"  {rows:6} {reason}")
    for name, rows in truth.marts.items():
        print(f"{name}: {len(rows)} rows, the last of them:")
        for row in rows[-4:]:
            print("  " + json.dumps(plain(row)))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; answers the process's exit code."""
    parser = argparse.ArgumentParser(prog="python -m test.oracle", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true", help="everything as one JSON document")
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        parser.error(f"{options.folder} is no folder")
    truth = compute(options.folder)
    if options.json:
        json.dump(truth.as_json(), sys.stdout)
        print()
    else:
        print_summary(truth)
    return 0


if __name__ == "__main__":
    sys.exit(main())
