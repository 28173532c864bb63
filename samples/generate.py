"""Makes the sample input again, or a larger one for load tests.

python samples/generate.py                       rewrites samples/{market-data,trading,systems,README.md}
python samples/generate.py --out <folder>        the same files elsewhere (without the README)
python samples/generate.py --many 500 --out <folder> [--with-trades]
"""

import argparse
import shutil
import sys
from pathlib import Path

SAMPLES = Path(__file__).resolve().parent
sys.path.insert(0, str(SAMPLES.parent))

from samples.generator.build import build_samples  # noqa: E402
from samples.generator.many import build_many  # noqa: E402
from samples.generator.readme import write_readme  # noqa: E402
from samples.generator.systems.build import FOLDER, build_systems  # noqa: E402

SOURCES = ("market-data", "trading", FOLDER)


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    """Write `files` (path below `folder` to content); only in samples/ itself old files go first."""
    for source in SOURCES:
        if not (folder / source).exists():
            continue
        if folder != SAMPLES:
            raise SystemExit(f"{folder / source} exists already: name a folder without it")
        shutil.rmtree(folder / source)
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; answers the process's exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="target folder; default: the samples folder itself")
    parser.add_argument("--many", type=int, metavar="FILES", help="small market-data files for a load test")
    parser.add_argument("--with-trades", action="store_true", help="with --many: also one trading file")
    options = parser.parse_args(arguments)
    if options.many is not None:
        if options.out is None or not 1 <= options.many <= 100_000:
            parser.error("--many takes 1 to 100000 files and needs --out <folder>")
        files = build_many(options.many, options.with_trades)
        write_files(options.out, files)
    else:
        samples = build_samples(SAMPLES / "stocks.csv.gz")
        systems, places = build_systems()
        files = samples.files | systems
        write_files(options.out or SAMPLES, files)
        if options.out is None:
            write_readme(SAMPLES / "README.md", samples, places)
    print(f"{len(files)} files, {sum(map(len, files.values()))} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
