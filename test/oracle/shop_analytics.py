"""The analytics of commerce, from the truth of its marts and visits."""

from collections import defaultdict
from decimal import Decimal

NOBODY = {"first_order_date": None, "total_orders": None, "total_spent": None, "is_repeat_customer": None}
NO_VISIT = {"channel": None, "duration_seconds": None, "event_count": None}


def analytics(marts: dict[str, list[dict]], sessions: dict[str, dict]) -> dict[str, list[dict]]:
    """The three datasets that are joined for tools which cannot."""
    customers = {row["customer_id"]: row for row in marts["dim_customers"]}
    orders = {row["order_id"]: row for row in marts["fct_orders"]}
    return {
        "analytics_orders": [_order(row, customers, sessions) for row in orders.values()],
        "analytics_order_items": [_item(row, orders, customers) for row in marts["fct_order_items"]],
        "analytics_customer_summary": _summaries(marts, orders, sessions),
    }


def _order(order: dict, customers: dict, sessions: dict) -> dict:
    customer = customers.get(order["customer_id"], NOBODY)
    visit = sessions.get(order["session_id"], NO_VISIT)
    fulfilled, known = order["fulfilled_at"], order["customer_id"] is not None
    same = (
        "order_id",
        "order_date",
        "order_status",
        "order_total",
        "item_total",
        "customer_id",
        "session_id",
    )
    return {name: order[name] for name in same} | {
        "seconds_to_fulfilment": int((fulfilled - order["ordered_at"]).total_seconds())
        if fulfilled
        else None,
        "customer_first_order_date": customer["first_order_date"],
        "customer_total_orders": customer["total_orders"],
        "customer_total_spent": customer["total_spent"],
        "is_of_first_day": order["order_date"] == customer["first_order_date"] if known else None,
        "channel": visit["channel"],
        "session_duration_seconds": visit["duration_seconds"],
        "session_event_count": visit["event_count"],
    }


def _item(item: dict, orders: dict, customers: dict) -> dict:
    order = orders[item["order_id"]]
    customer = customers.get(order["customer_id"], NOBODY)
    total = order["item_total"]
    return item | {
        "order_status": order["order_status"],
        "share_of_order": Decimal(item["amount"]) / total if total else None,
        "customer_id": order["customer_id"],
        "customer_first_order_date": customer["first_order_date"],
        "is_repeat_customer": customer["is_repeat_customer"],
    }


def _summaries(marts: dict, orders: dict, sessions: dict) -> list[dict]:
    bought, visits = defaultdict(list), defaultdict(list)
    for item in marts["fct_order_items"]:
        bought[orders[item["order_id"]]["customer_id"]].append(item)
    for visit in sessions.values():
        visits[visit["customer_id"]].append(visit["is_converted"])
    return [
        _summary(row, bought[row["customer_id"]], visits[row["customer_id"]])
        for row in marts["dim_customers"]
    ]


def _summary(customer: dict, items: list[dict], visits: list[bool]) -> dict:
    spent, fulfilled = customer["total_spent"], customer["total_orders"]
    kept = {name: value for name, value in customer.items() if name != "last_ordered_date"}
    return kept | {
        "average_order_value": Decimal(spent) / fulfilled if fulfilled else None,
        "distinct_product_count": len({item["product_id"] for item in items}),
        "quantity": sum(item["quantity"] for item in items),
        "session_count": len(visits),
        "converted_session_count": sum(visits),
        "conversion_rate": Decimal(sum(visits)) / len(visits) if visits else None,
    }
