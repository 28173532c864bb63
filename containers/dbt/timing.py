"""How long the phases of a build take."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager

Timed = Callable[[str], AbstractContextManager]


def stopwatch(seconds: dict[str, float], cpu_seconds: dict[str, float]) -> Timed:
    """Adds what each `with timed(phase)` takes, by the clock and of CPU, to what the phase had before."""

    @contextmanager
    def timed(phase: str):
        before = [(seconds, time.monotonic), (cpu_seconds, time.process_time)]
        begun = [(kept, clock, clock()) for kept, clock in before]
        try:
            yield
        finally:
            for kept, clock, start in begun:
                kept[phase] = round(kept.get(phase, 0) + clock() - start, 3)

    return timed
