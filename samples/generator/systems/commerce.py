"""The shop's events: sessions by day of arrival, some of them late, and what the order service exports."""

from datetime import UTC, datetime, timedelta

from ..dirt import Reject, Repeat
from ..draw import Draw
from .planted import Place, Row, dirtied
from .shop import event_row

SEED = 20_260_302
FIRST_DAY = datetime(2026, 3, 2, tzinfo=UTC)
DAYS, SESSIONS_A_DAY = 3, 24
PRODUCTS = [(f"SKU-{number:03}", 499 + 350 * number) for number in range(1, 13)]
FOLDER, EXPORTS = "shop-events", "shop-exports"
DIRT = [
    Reject(f"{FOLDER}/2026/03/02/events-12.ndjson", 3, "event_type_not_allowed", "event_type", "page_liked"),
    Reject(f"{FOLDER}/2026/03/02/events-24.ndjson", 7, "occurred_at_not_a_timestamp", "occurred_at", "noon"),
    Reject(f"{FOLDER}/2026/03/03/events-12.ndjson", 5, "event_id_missing", "event_id", None),
    Reject(f"{FOLDER}/2026/03/03/events-24.ndjson", 9, "payload_missing", "payload", None),
    Reject(f"{FOLDER}/2026/03/04/events-12.ndjson", 2, "schema_version_out_of_range", "schema_version", 0),
    Reject(f"{FOLDER}/2026/03/04/events-24.ndjson", 4, "occurred_at_missing", "occurred_at", None),
    Repeat(f"{FOLDER}/2026/03/02/events-12.ndjson", 6),
    Repeat(f"{FOLDER}/2026/03/03/events-24.ndjson", 1, "payload", {"note": "before the correction"}),
    Repeat(f"{FOLDER}/2026/03/04/events-12.ndjson", 0),
]


def events() -> list[tuple[datetime, Row]]:
    """Every event with the moment of its arrival, which is later than its own for some."""
    draw, made = Draw(SEED), []

    def add(at: datetime, kind: str, customer: str | None, session: str | None, payload: dict) -> None:
        late = timedelta(hours=30) if session and draw.chance(3) else timedelta(minutes=5)
        row = event_row(f"ev-{len(made) + 1:05}", at, kind, customer, session, payload)
        made.append((at + late, row))

    for number in range(DAYS * SESSIONS_A_DAY):
        at = FIRST_DAY + timedelta(days=number // SESSIONS_A_DAY, seconds=draw.below(80_000))
        _session(draw, add, number, at)
    return made


def _session(draw: Draw, add, number: int, at: datetime) -> None:
    session, customer = f"se-{number + 1:04}", f"cu-{1 + draw.below(30):03}"
    known = customer if draw.chance(70) else None
    add(at, "session_started", known, session, {"channel": draw.one_of(["web", "app"])})
    seen = [draw.one_of(PRODUCTS) for _ in range(1 + draw.below(4))]
    for step, (product, cents) in enumerate(seen, 1):
        view = {"product_id": product, "unit_price": cents / 100}
        add(at + timedelta(minutes=step), "product_viewed", known, session, view)
    if draw.chance(50):
        _order(draw, add, f"or-{number + 1:04}", customer, session, seen, at + timedelta(minutes=6))
    add(at + timedelta(minutes=9), "session_ended", known, session, {})


def _order(draw: Draw, add, order: str, customer: str, session: str, seen: list, at: datetime) -> None:
    items = [
        {"product_id": product, "quantity": 1 + draw.below(3), "unit_price": cents / 100}
        for product, cents in dict(seen).items()
    ]
    total = sum(round(item["unit_price"] * 100) * item["quantity"] for item in items) / 100
    payload = {"order_id": order, "currency": "USD", "total": total, "items": items}
    add(at, "cart_updated", customer, session, {"items": items})
    add(at + timedelta(minutes=1), "checkout_started", customer, session, {"items": items})
    add(at + timedelta(minutes=2), "order_placed", customer, session, payload)
    end = "order_cancelled" if draw.chance(10) else "order_fulfilled"
    add(at + timedelta(minutes=2, hours=1 + draw.below(20)), end, customer, None, payload)


def places() -> list[Place]:
    """Two files a day of what had arrived by noon and by midnight, and the order service's export in two."""
    files: dict[str, list[Row]] = {}
    newest = FIRST_DAY + timedelta(days=DAYS, seconds=-1)
    for arrival, row in sorted(events(), key=lambda one: (one[0], one[1]["event_id"])):
        at = min(arrival, newest)
        half = 1 if at.hour < 12 else 2
        path = f"{FOLDER}/{at:%Y/%m/%d}/events-{12 * half}.ndjson"
        if row["session_id"] is None:
            path = f"{EXPORTS}/orders-{half}.ndjson"
        files.setdefault(path, []).append(row)
    return [dirtied(path, "events", "event_id", rows, DIRT) for path, rows in sorted(files.items())]
