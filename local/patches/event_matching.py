"""Which rules an event matches, found quickly with the same answers: each event asks all rules of its bus."""

from functools import lru_cache

PATTERNS_KEPT = 2_000


def apply(parts) -> None:
    """Wrap the matcher, and the list of what an account has in a region."""
    from ministack.core.responses import AccountRegionScopedDict
    from ministack.services import eventbridge

    eventbridge._matches_pattern_view = quickly(
        eventbridge._matches_pattern_view, eventbridge._compiled_pattern
    )
    AccountRegionScopedDict.items = items


def quickly(matches, compiled):
    """A matcher that asks `matches` only where source and detail type do not rule the pattern out already."""
    wanted = lru_cache(PATTERNS_KEPT)(
        lambda pattern: [
            (_texts(alternative, "source"), _texts(alternative, "detail-type"))
            for alternative in compiled(pattern) or []
        ]
    )

    def matches_view(pattern, view, owner="rule") -> bool:
        event = view.envelope()
        source, kind = event["source"], event["detail-type"]
        if isinstance(pattern, str) and isinstance(source, str) and isinstance(kind, str):
            for sources, kinds in wanted(pattern):
                if (sources is None or source in sources) and (kinds is None or kind in kinds):
                    return matches(pattern, view, owner)
            return False
        return matches(pattern, view, owner)

    return matches_view


def items(scoped) -> list[tuple]:
    """The keys and values of the present account and region, which are asked for once and not by key."""
    account, region = scoped._prefix()
    return [
        (key[2], value) for key, value in list(scoped._data.items()) if key[0] == account and key[1] == region
    ]


def _texts(alternative, field: str) -> frozenset[str] | None:
    """The texts that one field must be equal to; None where the pattern says it otherwise, or not at all."""
    values = alternative.get(field) if isinstance(alternative, dict) else None
    if isinstance(values, list) and values and all(isinstance(value, str) for value in values):
        return frozenset(values)
    return None
