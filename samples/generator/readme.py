"""samples/README.md, written from what the generator planted."""

from collections import Counter
from pathlib import Path

from .build import Planted, Samples
from .dirt import ABSENT, Reject
from .systems.page import systems_text
from .systems.planted import Place

HEAD = """# Sample input

<!-- Made by `python samples/generate.py`, which a test compares with this page and the files. -->

Two years of real daily prices (2011-03-01 to 2013-03-01) as drop files per symbol and month, and made-up
trades of four accounts on them. Some rows are broken on purpose. This page says which, so that anyone can
check what the gate reports. Formats are mixed: NDJSON, JSON array and CSV, each also gzipped.

| folder (source) | entity | files | rows in | rows out | duplicates | rejected | rejected, % |
|---|---|---:|---:|---:|---:|---:|---:|
"""
NOTES = """
Rows in = rows out + duplicates + rejected. A duplicate is an earlier version of a key that stands twice in
one file: the later line wins. No key stands in two files, so these sums do not depend on how the files fall
into batches. In no file is more than 4.9 % of the rows rejected, so any set of these files passes a gate of
5 %.
"""
TAIL = """
## Worth knowing

- Prices are unadjusted decimals with at most four digits after the point; only `adjusted_close` is a long
  fraction.
- FB starts on 2012-05-18. ACC-1003 bought it on the eve: held that day, and without a price.
- ACC-1003 sells everything on 2012-03-15 and comes back weeks later; ACC-1004 leaves for good on
  2012-12-14.
- Some trades fall on weekends, and some are written with the offsets -05:00 and +05:30, so that their date
  in UTC is another one than the text says. One is 2013-03-02 in UTC, after the newest price date: it is in
  silver, not in gold.
- Some trades of an account and symbol have the same moment: they are ordered by `transaction_id`, which
  otherwise does not follow time, and the lines of a file do not either.
- What gold must hold, computed independently from the raw files: `python -m test.oracle samples`.

## Make it again, or make more

    python samples/generate.py                                  the very same files and this page
    python samples/generate.py --many 500 --out <folder>        500 small market-data files for load tests
    python samples/generate.py --many 500 --with-trades --out <folder>

Campaigns, events and households come in two sizes, `small` and `large` (ten million results, events or log
entries; minutes, 3 to 4 GB and little memory each), as deliveries with late, repeated, corrected and broken
records:

    python -m samples.generator.systems.marketing <folder> --size large
    python -m samples.generator.systems.commerce_events <folder> --size large
    python -m samples.generator.systems.petforce <folder> --size large

## Origin

`stocks.csv.gz`: daily prices of AAPL, FB, GOOG, IBM and MSFT up to 2013-03-01, 12,154 rows: Ticker, Date,
Open, High, Low, Close, Volume, Adj Close. Quandl WIKI prices, public domain, as distributed in the PyPI
package bokeh_sampledata 2026.1. The transactions are invented.
"""


def overview(samples: Samples, planted: Planted) -> str:
    """One entity's line of the first table."""
    files = sum(path.startswith(planted.folder + "/") for path in samples.files)
    rows_in, rejected, repeats = samples.rows_in[planted.entity], len(planted.rejects), len(planted.repeats)
    cells = [
        f"`{planted.folder}/`",
        f"`{planted.entity}`",
        f"{files}",
        f"{rows_in}",
        f"{rows_in - rejected - repeats}",
        f"{repeats}",
        f"{rejected}",
        f"{rejected * 100 / rows_in:.2f}",
    ]
    return f"| {' | '.join(cells)} |\n"


def shown(reject: Reject) -> str:
    """What is wrong in one reject, for the table."""
    if reject.column is None:
        return f"`{reject.value}`" if reject.value else "a line cut off before its end"
    if reject.value == ABSENT:
        return f"no `{reject.column}` at all"
    if reject.value is None:
        return f"`{reject.column}` empty or null"
    if not str(reject.value).strip():
        return f"`{reject.column}` of blanks"
    return f"`{reject.column}` = `{reject.value}`"


def entity_section(samples: Samples, planted: Planted) -> str:
    """The tables of one entity: rejected by reason, each place, duplicates, and other oddities."""
    reasons = Counter(reject.reason for reject in planted.rejects)
    text = f"\n## {planted.entity}\n\n| rejected for | rows |\n|---|---:|\n"
    text += "".join(f"| `{reason}` | {rows} |\n" for reason, rows in sorted(reasons.items()))
    text += f"| all | {reasons.total()} |\n"
    text += "\n| file | after good row | what is wrong | reason |\n|---|---:|---|---|\n"
    for reject in sorted(planted.rejects, key=lambda reject: (reject.stem, reject.row)):
        name = samples.names[reject.stem]
        text += f"| `{name}` | {reject.row + 1} | {shown(reject)} | `{reject.reason}` |\n"
    text += "\n| file | good row | stands twice |\n|---|---:|---|\n"
    for repeat in sorted(planted.repeats, key=lambda repeat: (repeat.stem, repeat.row)):
        how = "exact copy"
        if repeat.column is not None:
            how = f"corrected: the first version has `{repeat.column}` = `{repeat.value}`"
        text += f"| `{samples.names[repeat.stem]}` | {repeat.row + 1} | {how} |\n"
    return text + "\n" + oddities(samples, planted)


def oddities(samples: Samples, planted: Planted) -> str:
    """What is unusual in the files and must not cost a row."""
    lines = []
    for extra in planted.extras:
        how = ", with a line end and quotes inside the field" if "\n" in extra.value else ""
        name = samples.names[extra.stem]
        lines.append(f"unknown column `{extra.column}` on every good row of `{name}`{how}")
    lines += [f"`{samples.names[stem]}` starts with a byte order mark" for stem in planted.boms]
    lines += [f"`{samples.names[stem]}` ends its lines with CR LF" for stem in planted.crlf]
    return "".join(f"- {line}\n" for line in lines)


def readme_text(samples: Samples, places: list[Place]) -> str:
    """The whole page."""
    tables = "".join(overview(samples, planted) for planted in samples.planted)
    sections = "".join(entity_section(samples, planted) for planted in samples.planted)
    return HEAD + tables + NOTES + sections + systems_text(places) + TAIL


def write_readme(path: Path, samples: Samples, places: list[Place]) -> None:
    """Write the page to `path`."""
    path.write_text(readme_text(samples, places), encoding="utf-8")
