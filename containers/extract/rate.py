"""Keeps requests apart, so that a source is never asked more often than it allows."""

from __future__ import annotations

import time
from collections.abc import Callable

MINUTE_SECONDS = 60


class Pace:
    """At most `per_minute` requests in a minute, evenly spread; None is without a limit."""

    def __init__(
        self,
        per_minute: float | None,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gap_seconds = MINUTE_SECONDS / per_minute if per_minute else 0.0
        self._now, self._sleep = now, sleep
        self._next = now()

    def wait(self) -> None:
        """Returns when the next request may go."""
        rest = self._next - self._now()
        if rest > 0:
            self._sleep(rest)
        self._next = max(self._next, self._now()) + self._gap_seconds
