"""Puts prices, trades and dirt together to the files of the samples."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from . import dirt
from .accounts import make_trades
from .dirt import Extra, Reject, Repeat
from .formats import FORMATS, Line, Row, encode
from .prices import read_prices

TRADE_FORMATS = (".csv", ".ndjson", ".csv.gz", ".ndjson.gz")
MAX_REJECTED_PERCENT = 4.9
"""Of every single file: the gate's limit is 5 per cent of a batch, and any files may become a batch."""


@dataclass(frozen=True)
class Planted:
    """All that is planted in one entity's files."""

    entity: str
    folder: str
    suffixes: tuple[str, ...]
    rejects: tuple[Reject, ...]
    repeats: tuple[Repeat, ...]
    extras: tuple[Extra, ...]
    boms: tuple[str, ...]
    crlf: tuple[str, ...] = ()


MARKET = Planted(
    "market_data",
    "market-data",
    FORMATS,
    dirt.MARKET_REJECTS,
    dirt.MARKET_REPEATS,
    dirt.MARKET_EXTRAS,
    dirt.MARKET_BOMS,
    dirt.MARKET_CRLF,
)
TRADES = Planted(
    "transactions",
    "trading",
    TRADE_FORMATS,
    dirt.TRADE_REJECTS,
    dirt.TRADE_REPEATS,
    dirt.TRADE_EXTRAS,
    dirt.TRADE_BOMS,
)


@dataclass
class Samples:
    """The finished files (path below samples/ to bytes), and what is in them per entity."""

    files: dict[str, bytes] = field(default_factory=dict)
    planted: tuple[Planted, ...] = (MARKET, TRADES)
    rows_in: Counter = field(default_factory=Counter)
    names: dict[str, str] = field(default_factory=dict)


def dirty_lines(rows: list[Row], stem: str, planted: Planted) -> list[Line]:
    """The lines of one file: good rows in order, each reject behind its row, each repeat at the end."""
    extras = [extra for extra in planted.extras if extra.stem == stem]
    full = [
        row | {extra.column: extra.value.format(row=number) for extra in extras}
        for number, row in enumerate(rows, 1)
    ]
    rejects = defaultdict(list)
    for reject in planted.rejects:
        if reject.stem == stem:
            rejects[reject.row].append(reject)
    repeats = {repeat.row: repeat for repeat in planted.repeats if repeat.stem == stem}
    if max([*rejects, *repeats, 0]) >= len(rows):
        raise ValueError(f"{stem} has only {len(rows)} rows")
    lines: list[Line] = []
    for index, row in enumerate(full):
        first = repeats.get(index)
        corrected = first is not None and first.column is not None
        lines.append(row | {first.column: first.value} if corrected else row)
        if corrected and lines[-1] == row:
            raise ValueError(f"{stem}, row {index}: the first version is not wrong")
        lines += [reject.line(row) for reject in rejects[index]]
    lines += [full[index] for index in repeats]
    if sum(map(len, rejects.values())) * 100 > MAX_REJECTED_PERCENT * len(lines):
        raise ValueError(f"{stem} alone would come too near to the gate's limit")
    return lines


def add_entity(samples: Samples, planted: Planted, rows_by_stem: dict[str, list[Row]]) -> None:
    """Encode one entity's files; a file's format follows from its place in the sorted list of names."""
    places = [*planted.rejects, *planted.repeats, *planted.extras]
    unknown = {place.stem for place in places} | {*planted.boms, *planted.crlf}
    unknown -= set(rows_by_stem)
    if unknown:
        raise ValueError(f"planted in files that do not exist: {sorted(unknown)}")
    for index, stem in enumerate(sorted(rows_by_stem)):
        suffix = planted.suffixes[index % len(planted.suffixes)]
        lines = dirty_lines(rows_by_stem[stem], stem, planted)
        line_end = "\r\n" if stem in planted.crlf else "\n"
        content = encode(suffix, lines, bom=stem in planted.boms, line_end=line_end)
        samples.files[f"{planted.folder}/{stem}{suffix}"] = content
        samples.names[stem] = f"{stem}{suffix}"
        samples.rows_in[planted.entity] += len(lines)


def build_samples(archive: Path) -> Samples:
    """All files of the samples, made from the price archive alone; the same bytes at every call."""
    prices = read_prices(archive)
    by_month: dict[str, list[Row]] = defaultdict(list)
    for price in prices:
        by_month[f"{price.symbol}-{price.day:%Y-%m}"].append(price.row())
    samples = Samples()
    add_entity(samples, MARKET, by_month)
    trades_by_month: dict[str, list[Row]] = defaultdict(list)
    # By id, not by time: a reader that trusts the order of lines gets the average cost wrong.
    for trade in sorted(make_trades(prices), key=lambda trade: trade.transaction_id):
        trades_by_month[f"transactions-{trade.at:%Y-%m}"].append(trade.row())
    add_entity(samples, TRADES, trades_by_month)
    return samples
