"""Faults of the machine that a test asks for: what kills, loses and doubles, outside of any product code."""

from local.faults.chaos import CHAOS_PATH, Chaos, Faults

__all__ = ["CHAOS_PATH", "Chaos", "Faults", "install"]


def install(chaos: Chaos) -> None:
    """Put the faults around the strict emulator; call once, after the patches."""
    from local.faults import deliveries, handlers

    handlers.apply(chaos)
    deliveries.apply(chaos)
