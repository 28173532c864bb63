"""A lane's life that every system tells: built first, after late and corrected data, and built anew.

The machine goes away in the middle of the second build, once for each of `kills`; what is compared with the
truth is the attempt after that.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from lake import Lake, Task
from task import KILLED

from test.oracle import exact


class MartStory:
    """`tasks` and `truth` by build; `killed` are the attempts that were taken away.

    A system says how its deliveries land, how its lane is built, and what the marts must be.
    """

    builds: ClassVar[dict[str, list[str]]] = {"first": ["first"], "late": ["straggler", "late"], "anew": []}
    # What a killed attempt has just logged.
    kills: ClassVar[tuple[str, ...]] = ()
    keys: ClassVar[dict] = {}
    # What a ratio may lose in its last decimal.
    within: ClassVar[dict[str, str]] = {}

    def __init__(self, lake: Lake) -> None:
        self.lake, self.folder = lake, lake.folder / "deliveries"
        self.truth, self.tasks, self.killed = {}, {}, []
        self.begin()
        for build, deliveries in self.builds.items():
            for delivery in deliveries:
                self.land(delivery)
            self.truth[build] = self.marts(build)
            self.tasks[build] = self._built(build)

    def begin(self) -> None:
        """Writes the deliveries."""

    def land(self, delivery: str) -> None:
        """Brings one delivery into the lake."""
        raise NotImplementedError

    def marts(self, build: str) -> dict[str, list[dict]]:
        """What each dataset must hold after a build, made apart from dbt."""
        raise NotImplementedError

    def build(self, **changes) -> Task:
        """One build of the lane over everything new."""
        raise NotImplementedError

    def so_far(self, build: str) -> list[list[str]]:
        """The deliveries of each build up to this one."""
        names = list(self.builds)
        return [self.builds[name] for name in names[: names.index(build) + 1]]

    def differences(self, rows: Iterable[dict], truth: Iterable[dict], dataset: str) -> list[str]:
        """What differs from the truth, in words."""
        return exact.differences(rows, truth, self.keys[dataset], self.within)

    def wrong(self, build: str, dataset: str) -> list[str]:
        """What is wrong with a dataset after a build, in words."""
        task = self.tasks[build]
        if task.report["verdict"] != "passed":
            return [task.report["error"] or str(task.report["failed_tests"])]
        return self.differences(self.lake.gold(task, dataset), self.truth[build][dataset], dataset)

    def left_behind(self) -> list[str]:
        """What is seen of a killed attempt, which must be nothing; and who was not killed as told."""
        found = []
        for words, task in zip(self.kills, self.killed, strict=True):
            edition, database = task.plan["edition"], task.plan["database_out"].split("/", 3)[3]
            if task.exit_code != KILLED or not any(words in line.get("message", "") for line in task.lines):
                found.append(f"{edition} was not killed at {words}")
            if task.report is not None or database in self.lake.keys("artifacts"):
                found.append(f"{edition} left a report or a state")
            found += [key for key in self.lake.keys("gold") if f"edition={edition}/" in key]
        return found

    def _built(self, build: str) -> Task:
        if build == "anew":
            return self.build(mode="full_refresh")
        if build != "late" or not (self.kills and self.lake.can_kill):
            return self.build()
        artifacts = f"s3://{self.lake.bucket('artifacts')}"
        for attempt, words in enumerate((*self.kills, None), 1):
            given = {"run_id": "late", "attempt": attempt, "edition": f"late-{attempt}"}
            given["artifacts_prefix"] = f"{artifacts}/runs/late/attempt={attempt}/"
            given["database_out"] = f"{artifacts}/dbt/late-{attempt}.duckdb"
            task = self.build(**given, killed_at=words)
            if words:
                self.killed.append(task)
        return task
