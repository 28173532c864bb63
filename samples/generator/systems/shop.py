"""What happens in the shop: visits that end in orders or not, and the ways in which an event can be wrong."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from ..draw import Draw
from .planted import Row

PRODUCTS = [(f"SKU-{number:03}", 499 + 350 * number) for number in range(1, 41)]
ORDER_EVENTS = ("order_placed", "order_fulfilled", "order_cancelled")


def _contact(customer: str) -> Row:
    """What a shop knows of who orders, and no dataset is to show."""
    person = customer.removeprefix("cu-")
    return {"name": f"Planted {person}", "email": f"buyer-{person}@example.com", "phone": f"+49 152 {person}"}


def event_row(
    event_id: str, at: datetime, kind: str, customer: str | None, session: str | None, payload: Row
) -> Row:
    """One event as the shop writes it."""
    return {
        "event_id": event_id,
        "event_type": kind,
        "occurred_at": at.isoformat().replace("+00:00", "Z"),
        "customer_id": customer,
        "session_id": session,
        "schema_version": 1,
        "payload": payload,
    }


class Shop:
    """Makes the events of one visit after another. Ids are counted, so they never repeat."""

    def __init__(self, draw: Draw, customers: int) -> None:
        self.draw, self.customers = draw, customers
        self.made = 0

    def session(self, number: int, at: datetime) -> Iterator[Row]:
        """The events of one visit and of the order that it may end in."""
        draw, session = self.draw, f"se-{number:07}"
        customer = None if draw.chance(5) else f"cu-{draw.below(self.customers):06}"
        known = customer if draw.chance(70) else None
        yield self._event(at, "session_started", known, session, {"channel": draw.one_of(["web", "app"])})
        seen = [draw.one_of(PRODUCTS) for _ in range(1 + draw.below(4))]
        for step, (product, cents) in enumerate(seen, 1):
            view = {"product_id": product, "unit_price": cents / 100}
            yield self._event(at + timedelta(minutes=step), "product_viewed", known, session, view)
        if draw.chance(50):
            yield from self._order(f"or-{number:07}", customer, session, seen, at + timedelta(minutes=6))
        yield self._event(
            at + timedelta(minutes=9, seconds=draw.below(90)), "session_ended", known, session, {}
        )

    def _order(
        self, order: str, customer: str | None, session: str, seen: list, at: datetime
    ) -> Iterator[Row]:
        draw = self.draw
        items = [self._item(product, cents) for product, cents in seen]
        total = sum(int(item["quantity"]) * round(item["unit_price"] * 100) for item in items) / 100
        payload = {"order_id": order, "currency": "USD", "total": total, "items": items}
        payload |= {"contact": _contact(customer)} if customer else {}
        yield self._event(at, "cart_updated", customer, session, {"items": items})
        yield self._event(at + timedelta(minutes=1), "checkout_started", customer, session, {"items": items})
        yield self._event(
            at + timedelta(minutes=2), "order_placed", customer, session, self._doubtful(payload)
        )
        later = at + timedelta(hours=1 + draw.below(50))
        end = draw.below(100)
        if end < 85:
            yield self._event(later, "order_fulfilled", customer, None, payload)
        if end < 5:
            yield self._event(
                later + timedelta(days=3), "order_cancelled", customer, None, {"order_id": order}
            )
        elif end >= 92:
            yield self._event(later, "order_cancelled", customer, None, payload)

    def _item(self, product: str, cents: int) -> Row:
        quantity = 1 + self.draw.below(3)
        return {
            "product_id": product,
            "quantity": str(quantity) if self.draw.chance(3) else quantity,
            "unit_price": cents / 100,
        }

    def _doubtful(self, payload: Row) -> Row:
        """What the contract lets pass, and no model may stumble over."""
        kind = self.draw.below(60)
        if kind == 0:
            return payload | {
                "items": [*payload["items"], {"product_id": "SKU-001", "quantity": "some"}, None]
            }
        if kind == 1:
            return payload | {"items": {"product_id": "SKU-001"}, "total": "much"}
        if kind == 2:
            return payload | {"order_id": ""}
        return payload

    def _event(self, at: datetime, kind: str, customer: str | None, session: str | None, payload: Row) -> Row:
        self.made += 1
        return event_row(f"ev-{self.made:09}", at, kind, customer, session, payload)

    def another(self, row: Row) -> Row:
        """The same event as somebody had it wrong: the other version, before or after it was set right."""
        kind = self.draw.below(6)
        earlier = datetime.fromisoformat(row["occurred_at"]) - timedelta(days=2, minutes=7)
        moved = row | {"occurred_at": earlier.isoformat().replace("+00:00", "Z")}
        if row["event_type"] not in ORDER_EVENTS or kind == 0:
            return moved
        payload = row["payload"]
        if kind == 1:
            return row | {"event_type": "cart_updated"}
        if kind == 2:
            return row | {"payload": payload | {"order_id": f"{row['event_id']}-alone"}}
        if kind == 3:
            return row | {"customer_id": f"cu-x{self.draw.below(5)}"}
        if kind == 4:
            return row | {"payload": payload | {"total": 1.5}}
        more = {"product_id": "SKU-999", "quantity": 1, "unit_price": 9.99}
        return row | {"payload": payload | {"items": [more], "total": 9.99}}

    def broken(self, row: Row) -> Row:
        """A copy that the contract rejects, under an id of its own."""
        own = row | {"event_id": f"{row['event_id']}-x"}
        return own | self.draw.one_of(
            [
                {"event_type": "page_liked"},
                {"occurred_at": "noon"},
                {"occurred_at": None},
                {"event_id": None},
                {"payload": None},
                {"schema_version": 0},
            ]
        )
