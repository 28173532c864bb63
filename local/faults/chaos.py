"""Which faults there are, how often each strikes, and what struck so far.

`--chaos '{"seed": 7, "handlerKilled": 0.2}'` sets them at the start; `POST /_sluice/chaos` with the same JSON
sets them while the emulator runs (`{}` ends them all); `GET /_sluice/chaos` answers {"faults": {...},
"counts": {fault: {"chances": N, "struck": N}}, "struck": [{"number", "at", "fault", ...}]}.
"""

import json
import random
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass, fields, replace

CHAOS_PATH = "/_sluice/chaos"
STRUCK_KEPT_MAX = 10_000
SHARES = (
    "handlerKilled",
    "deliveryDropped",
    "deliveryDoubled",
    "deliveryDelayed",
    "objectEventDoubled",
    "taskKilled",
    "jobKilled",
)


@dataclass(frozen=True)
class Faults:
    """How often each fault strikes: shares from 0 to 1, times in seconds. Named as in the JSON.

    handlerKilled        of the invocations of functions: the worker process is killed in the middle of it
    workerEverySeconds   the mean time between kills of any worker process, idle or not; 0 for none
    deliveryDropped, deliveryDoubled, deliveryDelayed
                         of the deliveries of a rule (or schedule) to a target
    delaySecondsMax      how late a delayed delivery, or the double of an object's event, can be
    objectEventDoubled   of the events of S3: sent twice, as a notification is "at least once"
    taskKilled           of the ECS tasks: killed while RUNNING, as out of memory, by spot or plainly
    jobKilled            of the Glue runs: killed while RUNNING, as out of memory or plainly
    """

    seed: int = 1
    handlerKilled: float = 0.0
    workerEverySeconds: float = 0.0
    deliveryDropped: float = 0.0
    deliveryDoubled: float = 0.0
    deliveryDelayed: float = 0.0
    delaySecondsMax: float = 20.0
    objectEventDoubled: float = 0.0
    taskKilled: float = 0.0
    jobKilled: float = 0.0

    @staticmethod
    def of(text: str) -> "Faults":
        """Read the JSON of `--chaos`; raises ValueError that names what is wrong."""
        given = json.loads(text or "{}")
        known = {field.name for field in fields(Faults)}
        if not isinstance(given, dict) or given.keys() - known:
            raise ValueError(f"faults are a JSON object of {', '.join(sorted(known))}, not {text}")
        for name, value in given.items():
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise ValueError(f"{name} is a number of at least 0, not {value!r}")
            if name in SHARES and value > 1:
                raise ValueError(f"{name} is a share from 0 to 1, not {value}")
        return replace(Faults(), **given)


class Chaos:
    """The dice, one for each fault so that one fault's rolls do not move another's, and the record of them.

    The seed decides the rolls; which call meets which roll depends on the machine's threads.
    """

    def __init__(self, faults: Faults) -> None:
        self._lock = threading.Lock()
        self._chances: dict[str, int] = {}
        self._struck_counts: dict[str, int] = {}
        self._struck: deque = deque(maxlen=STRUCK_KEPT_MAX)
        self._number = 0
        self.faults = faults
        self._dice: dict[str, random.Random] = {}

    def strikes(self, fault: str) -> bool:
        """Roll for one of the shares; counts the chance where the share is above 0."""
        share = getattr(self.faults, fault)
        if share <= 0:
            return False
        with self._lock:
            self._chances[fault] = self._chances.get(fault, 0) + 1
            return self._die(fault).random() < share

    def between(self, fault: str, low: float, high: float) -> float:
        """A moment or a length for a fault that strikes, in seconds."""
        with self._lock:
            return self._die(fault).uniform(low, high)

    def one_of(self, fault: str, kinds: list[str]) -> str:
        with self._lock:
            return self._die(fault).choice(kinds)

    def note(self, fault: str, **what) -> None:
        """Record that a fault struck, with the words that tell where."""
        with self._lock:
            self._number += 1
            self._struck_counts[fault] = self._struck_counts.get(fault, 0) + 1
            self._struck.append({"number": self._number, "at": round(time.time(), 3), "fault": fault, **what})

    def answer(self, method: str, body: bytes) -> tuple[int, dict]:
        """(HTTP status, body) for a GET, or for a POST that sets the faults from now on."""
        if method == "POST":
            try:
                self.faults = Faults.of(body.decode())
            except ValueError as problem:
                return 400, {"message": str(problem)}
            with self._lock:
                self._dice.clear()
        with self._lock:
            counts = {
                fault: {
                    "chances": self._chances.get(fault, 0),
                    "struck": self._struck_counts.get(fault, 0),
                }
                for fault in sorted({*self._chances, *self._struck_counts})
            }
            return 200, {"faults": asdict(self.faults), "counts": counts, "struck": list(self._struck)}

    def _die(self, fault: str) -> random.Random:
        return self._dice.setdefault(fault, random.Random(f"{self.faults.seed}:{fault}"))
