"""The shop's events in any size, as deliveries: a first one, then what is new, late, repeated and corrected.

    python -m samples.generator.systems.commerce_events <folder> [--size small|large] [--seed <number>]

Writes `<folder>/<delivery>/events-<n>.ndjson`, each event as it is made, so memory does not grow with size.
`straggler` landed before `first` and is seen only with `late`: its clock is older than what it follows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ..draw import Draw
from .deliveries import command_line, write_rows
from .planted import Row
from .shop import Shop

SEED = 20_260_402
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
LANDED_AT = {
    "straggler": "2026-12-30T00:00:00.000Z",
    "first": "2026-12-31T00:00:00.000Z",
    "late": "2027-01-01T00:00:00.000Z",
}


@dataclass(frozen=True)
class Size:
    """Sessions, days and customers; per mille, the sessions that only `late` has, and each kind of oddity.

    Without oddities `late` holds nothing but new sessions.
    """

    sessions: int
    days: int
    customers: int
    new_per_mille: int
    odd_per_mille: int


SIZES = {"small": Size(400, 30, 60, 100, 40), "large": Size(1_550_000, 365, 200_000, 8, 1)}
Delivered = tuple[str, Row]


def events(size: Size, seed: int = SEED) -> Iterator[Delivered]:
    """Every delivered event with the name of its delivery; the same at every call with the same numbers."""
    draw = Draw(seed)
    shop = Shop(draw, size.customers)
    step = timedelta(days=size.days) / size.sessions
    first_new = size.sessions - size.sessions * size.new_per_mille // 1_000
    for number in range(size.sessions):
        at = (FIRST_DAY + step * number).replace(microsecond=0)
        for row in shop.session(number, at):
            yield from _delivered(draw, shop, row, "late" if number >= first_new else "first", size)


def _delivered(draw: Draw, shop: Shop, row: Row, delivery: str, size: Size) -> Iterator[Delivered]:
    odd = draw.below(1_000) // size.odd_per_mille if size.odd_per_mille else None
    if delivery == "late" or odd is None or odd > 6:
        yield delivery, row
    elif odd == 0:
        yield "late", row
    elif odd == 1:
        yield "straggler", row
    elif odd == 2:
        yield from (("first", row), ("late", row))
    elif odd == 3:
        yield from (("first", row), ("straggler", shop.another(row)))
    elif odd == 4:
        yield from (("first", row), ("first", shop.broken(row)))
    else:
        yield from (("first", shop.another(row)), ("late", row))


def write(folder: Path, size: str | Size = "small", seed: int = SEED) -> dict[str, int]:
    """Writes the deliveries of a size, named or of one's own, and answers their lines by path."""
    given = SIZES[size] if isinstance(size, str) else size
    return write_rows(folder, ((f"{delivery}/events", row) for delivery, row in events(given, seed)))


if __name__ == "__main__":
    command_line(__doc__, SIZES, SEED, write)
