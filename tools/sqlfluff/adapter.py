"""dbt's `adapter` for sqlfluff, which has no adapter: a dispatched macro shows as a call of its own name."""

from collections.abc import Callable


def dispatch(name: str, _package: str | None = None) -> Callable[..., str]:
    """Stands in for a target's macro: a query where its name ends in `elements`, else an expression."""
    if name.endswith("elements"):
        return lambda rows, column: f"select {rows}.*, {rows}.{column} as element\nfrom {rows}"
    return lambda *given: f"{name}({', '.join(str(one) for one in given)})"
