"""The marts of commerce, computed from the delivered records alone, in plain Python."""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from .shop_analytics import analytics

TYPES = {
    *("session_started", "product_viewed", "cart_updated", "checkout_started", "session_ended"),
    *("order_placed", "order_fulfilled", "order_cancelled"),
}
ORDER_TYPES = ("order_placed", "order_fulfilled", "order_cancelled")


def commerce_marts(deliveries: Iterable[tuple[Path, str]]) -> dict[str, list[dict]]:
    """All marts after the deliveries (a folder of NDJSON files and when it landed) are there."""
    events = latest_events(deliveries)
    orders = [_order(order_id, told) for order_id, told in _by_order(events).items()]
    items = [item for order in orders for item in _items(order)]
    customers = _customers(orders)
    facts = [_fact(order, [item for item in order["lines"].values()]) for order in orders]
    marts = {"fct_orders": facts, "fct_order_items": items, "dim_customers": customers}
    return marts | analytics(marts, _sessions(events))


def latest_events(deliveries: Iterable[tuple[Path, str]]) -> list[dict]:
    """Of each event that the contract takes, the version that landed last; then the later file and line."""
    latest: dict[str, tuple] = {}
    for folder, landed_at in deliveries:
        for path in sorted(folder.glob("*.ndjson")):
            for number, line in enumerate(path.read_text().splitlines()):
                event = json.loads(line, parse_float=Decimal)
                if not _taken(event):
                    continue
                rank = landed_at, path.name, number
                if event["event_id"] not in latest or rank > latest[event["event_id"]][0]:
                    event["at"] = _moment(event["occurred_at"])
                    latest[event["event_id"]] = rank, event
    return [event for _, event in latest.values()]


def _taken(event: dict) -> bool:
    required = ("event_id", "event_type", "occurred_at", "schema_version", "payload")
    if any(event[name] is None for name in required) or event["event_type"] not in TYPES:
        return False
    return event["schema_version"] >= 1 and _moment(event["occurred_at"]) is not None


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
    except ValueError:
        return None


def _number(value) -> Decimal | None:
    if value is None or isinstance(value, dict | list | bool):
        return None
    try:
        return Decimal(value)
    except InvalidOperation:
        return None


def _by_order(events: list[dict]) -> dict[str, list[dict]]:
    found = defaultdict(list)
    for event in events:
        order_id = event["payload"].get("order_id")
        if event["event_type"] in ORDER_TYPES and order_id:
            found[order_id].append(event)
    return found


def _order(order_id: str, told: list[dict]) -> dict:
    told = sorted(told, key=lambda event: (event["at"], event["event_id"]))

    def newest(values: Iterable):
        known = [value for value in values if value is not None]
        return known[-1] if known else None

    def moments(kind: str) -> list[datetime]:
        return [event["at"] for event in told if event["event_type"] == kind]

    payloads = [event["payload"] for event in told]
    ends = [event["event_type"] for event in told if event["event_type"] != "order_placed"]
    arrays = [found if isinstance(found := payload.get("items"), list) else None for payload in payloads]
    placed, fulfilled = moments("order_placed"), moments("order_fulfilled")
    ordered_at = min(placed or [told[0]["at"]])
    return {
        "order_id": order_id,
        "customer_id": newest(event["customer_id"] for event in told),
        "session_id": newest(event["session_id"] for event in told),
        "order_status": ends[-1].removeprefix("order_") if ends else "placed",
        "ordered_at": ordered_at,
        "order_date": ordered_at.date(),
        "fulfilled_at": max(fulfilled, default=None),
        "cancelled_at": max(moments("order_cancelled"), default=None),
        "currency": newest(payload.get("currency") for payload in payloads),
        "order_total": newest(_number(payload.get("total")) for payload in payloads),
        "lines": _lines(newest(arrays) or []),
        "source_event_count": len(told),
        "last_event_at": told[-1]["at"],
    }


def _lines(items: list) -> dict[str, tuple[Decimal, Decimal]]:
    """Quantity and amount by product."""
    lines: dict[str, tuple[Decimal, Decimal]] = {}
    for item in items:
        if not isinstance(item, dict):
            continue
        quantity, price = _number(item.get("quantity")), _number(item.get("unit_price"))
        if item.get("product_id") and quantity is not None and price is not None:
            before = lines.get(item["product_id"], (Decimal(0), Decimal(0)))
            lines[item["product_id"]] = before[0] + quantity, before[1] + quantity * price
    return lines


def _items(order: dict) -> list[dict]:
    return [
        {
            "order_id": order["order_id"],
            "product_id": product,
            "order_date": order["order_date"],
            "currency": order["currency"],
            "quantity": quantity,
            "unit_price": amount / quantity if quantity else None,
            "amount": amount,
        }
        for product, (quantity, amount) in order["lines"].items()
    ]


def _fact(order: dict, lines: list[tuple[Decimal, Decimal]]) -> dict:
    sums = {
        "product_count": len(lines),
        "quantity": sum(quantity for quantity, _ in lines),
        "item_total": sum(amount for _, amount in lines),
    }
    return {name: value for name, value in order.items() if name != "lines"} | sums


def _customers(orders: list[dict]) -> list[dict]:
    groups = defaultdict(list)
    for order in orders:
        if order["customer_id"] is not None:
            groups[order["customer_id"]].append(order)
    return [_customer(customer, own) for customer, own in groups.items()]


def _customer(customer: str, orders: list[dict]) -> dict:
    bought = [order for order in orders if order["fulfilled_at"]]
    return {
        "customer_id": customer,
        "first_order_date": min(order["order_date"] for order in orders),
        "last_ordered_date": max(order["order_date"] for order in orders),
        "order_count": len(orders),
        "cancelled_order_count": sum(order["order_status"] == "cancelled" for order in orders),
        "total_orders": len(bought),
        "total_spent": sum(order["order_total"] or 0 for order in bought),
        "last_order_date": max((order["fulfilled_at"].date() for order in bought), default=None),
        "is_repeat_customer": len(bought) > 1,
    }


def _sessions(events: list[dict]) -> dict[str, dict]:
    groups = defaultdict(list)
    for event in events:
        if event["session_id"] is not None:
            groups[event["session_id"]].append(event)
    return {session: _session(told) for session, told in groups.items()}


def _session(told: list[dict]) -> dict:
    moments = [event["at"] for event in told]
    starts = [event["payload"].get("channel") for event in told if event["event_type"] == "session_started"]
    return {
        "customer_id": max(event["customer_id"] or "" for event in told) or None,
        "channel": max(starts, default=None),
        "duration_seconds": int((max(moments) - min(moments)).total_seconds()),
        "event_count": len(told),
        "is_converted": any(event["event_type"] == "order_placed" for event in told),
    }
