"""The households' database in any size, as what an extraction delivers: at first, and what comes later.

    python -m samples.generator.systems.petforce <folder> [--size small|large] [--seed <number>]

Writes `<folder>/<delivery>/<table>-<n>.ndjson`, each version of a row as it is made, so memory does not grow.
A delivery has at most one good version of a row, or ends with the newest one. There are `first`, `late` and
`straggler`, which landed before the first and is committed after it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ..draw import Draw
from .deliveries import command_line, write_rows
from .households import ACTIVITIES, CHANNELS, COUNTRIES, PLANS, TASK_TYPES, written
from .planted import Row

SEED = 20_260_501
FIRST = datetime(2026, 1, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Size:
    """Rows by table, and days. Of 100 times `rarity` rows, 30 come late, change or are broken."""

    households: int
    users: int
    pets: int
    tasks: int
    logs: int
    days: int
    rarity: int


SIZES = {
    "small": Size(40, 90, 70, 260, 1_500, 80, rarity=1),
    "large": Size(20_000, 50_000, 40_000, 400_000, 10_000_000, 365, rarity=20),
}
Delivered = tuple[str, str, Row]


class Generator:
    """Rows of one size and seed; the same at every call with the same numbers."""

    def __init__(self, size: str | Size = "small", seed: int = SEED) -> None:
        self.size, self.seed = SIZES[size] if isinstance(size, str) else size, seed

    def rows(self) -> Iterator[Delivered]:
        """Every version with its delivery and its table."""
        size = self.size
        tables = (
            ("households", "household_id", size.households, self._household),
            ("users", "user_id", size.users, self._user),
            ("household_members", "member_id", size.users, self._member),
            ("pets", "pet_id", size.pets, self._pet),
            ("tasks", "task_id", size.tasks, self._task),
            ("activity_logs", "activity_id", size.logs, self._log),
            ("subscriptions", "subscription_id", size.households, self._subscription),
        )
        for offset, (table, key, count, make) in enumerate(tables):
            draw = Draw(self.seed + offset)
            for number in range(1, count + 1):
                name = f"{table[:2]}-{number:08}"
                for delivery, row in self._history(draw, make, number):
                    yield delivery, table, {key: name} | row
            yield from ((ends, table, {key: f"{table[:2]}-end"} | row) for ends, row in self._ends(table))

    def _history(self, draw: Draw, make, number: int) -> Iterator[tuple[str, Row]]:
        """All that is ever delivered of one row, the oldest version of a delivery first."""
        made = self._moment(draw)

        def version(hours: int, **changes) -> Row:
            times = {"created_at": written(made), "updated_at": written(made + timedelta(hours=hours))}
            return make(draw, number, made) | times | {"deleted_at": None} | changes

        kind, first = draw.below(100 * self.size.rarity), version(2)
        gone = dict.fromkeys(("updated_at", "deleted_at"), written(made + timedelta(hours=5)))
        if kind < 5:
            # Late: it happened long ago, and nobody has heard of it before.
            yield "late" if kind < 3 else "straggler", first
            return
        if kind < 7:
            # Two versions in one delivery, and a row that its contract rejects between them.
            yield "first", first
            yield "first", first | self._broken(first)
            yield "first", version(3)
            return
        if kind < 11:
            # Deleted at first; an older version that comes late brings nothing back to life.
            yield "first", first | gone
            yield "late", version(4)
            return
        yield "first", first
        if kind < 19:
            yield "late", version(6)
        elif kind < 22:
            yield "late", first
        elif kind < 24:
            yield "straggler", version(1)
        elif kind < 26:
            # Of one moment: what landed later holds.
            yield "late", version(2)
        elif kind < 28:
            yield "late", first | gone
        elif kind < 30:
            # Its creation is set right, so two days change.
            moved = made - timedelta(days=1 + draw.below(5))
            yield "late", version(7, created_at=written(moved))

    def _ends(self, table: str) -> Iterator[tuple[str, Row]]:
        """A first and a last day that vanish, and an entry whose clock is wrong."""
        draw, new = Draw(self.seed - 1), {"deleted_at": None}
        made, last = FIRST - timedelta(days=9), FIRST + timedelta(days=self.size.days + 6)
        deleted = dict.fromkeys(("updated_at", "deleted_at"), written(last))
        if table == "households":
            row = self._household(draw, 0, made) | new
            row |= dict.fromkeys(("created_at", "updated_at"), written(made))
            yield from (("first", row), ("late", row | deleted))
        if table == "activity_logs":
            row = self._log(draw, 1, last) | new | {"updated_at": written(made)}
            row |= dict.fromkeys(("created_at", "occurred_at"), written(last))
            yield from (("first", row), ("late", row | deleted))
            never = written(datetime(2090, 1, 1, tzinfo=UTC))
            yield "first", row | {"activity_id": "ac-wrong-clock", "occurred_at": never}

    @staticmethod
    def _broken(row: Row) -> Row:
        """What a contract does not let pass: a value that is none of the allowed, or none at all."""
        for column in ("status", "role", "species", "activity_type", "acquisition_channel"):
            if column in row:
                return {column: "of no kind"}
        return {"invite_code": None}

    def _moment(self, draw: Draw) -> datetime:
        return FIRST + timedelta(days=draw.below(self.size.days), seconds=draw.below(86_400))

    def _household(self, draw: Draw, number: int, made: datetime) -> Row:
        country, zone = draw.one_of(COUNTRIES)
        row = {"name": f"  household {number}.{draw.below(9)} ", "invite_code": f" code{number:06} "}
        return row | {"country_code": country, "time_zone": zone}

    def _user(self, draw: Draw, number: int, made: datetime) -> Row:
        email = "no address" if number % 20 == 7 else f" User-{number}@Example.com"
        phone = f"+49 151 {number:07}" if number % 3 else None
        row = {"email": email, "display_name": f"user {number}", "phone": phone}
        row |= {"country_code": draw.one_of(["XX", *(code for code, _ in COUNTRIES)]), "last_login_at": None}
        return row | {"acquisition_channel": draw.one_of(CHANNELS), "is_email_verified": draw.chance(80)}

    def _member(self, draw: Draw, number: int, made: datetime) -> Row:
        row = {"household_id": self._one("ho", draw, self.size.households), "user_id": f"us-{number:08}"}
        return row | {"role": draw.one_of(["owner", "adult", "child", "sitter"]), "joined_at": written(made)}

    def _pet(self, draw: Draw, number: int, made: datetime) -> Row:
        row = {"household_id": self._one("ho", draw, self.size.households), "name": f" pet {number}"}
        row |= {"species": draw.one_of(["dog", "dog", "cat", "fish"]), "breed": None}
        return row | {"birth_date": "2020-02-29", "weight_kg": f"{1 + draw.below(40)}.{draw.below(1000):03}"}

    def _task(self, draw: Draw, number: int, made: datetime) -> Row:
        done = draw.chance(60)
        row = {"household_id": self._one("ho", draw, self.size.households)}
        row |= {"pet_id": self._one("pe", draw, self.size.pets) if draw.chance(70) else None}
        row |= {"task_type": draw.one_of(TASK_TYPES), "title": f"task {number}"}
        row |= {"status": "completed" if done else draw.one_of(["open", "in_progress", "skipped"])}
        row |= {"assigned_user_id": self._one("us", draw, self.size.users)}
        row |= {"completed_user_id": self._one("us", draw, self.size.users) if done else None}
        due = made + timedelta(minutes=draw.below(3_000)) if draw.chance(90) else None
        finished = made + timedelta(seconds=draw.below(200_000)) if done and draw.chance(97) else None
        return row | {"due_at": written(due), "completed_at": written(finished)}

    def _log(self, draw: Draw, number: int, made: datetime) -> Row:
        login = draw.chance(40)
        row = {"user_id": self._one("us", draw, self.size.users)}
        row |= {"household_id": None if login else self._one("ho", draw, min(self.size.households, 2_000))}
        row |= {"activity_type": "login" if login else draw.one_of(ACTIVITIES)}
        moved = timedelta(days=draw.below(4)) if draw.chance(10) else timedelta()
        return row | {"occurred_at": written(made - moved), "details": {"client": "web"}}

    def _subscription(self, draw: Draw, number: int, made: datetime) -> Row:
        plan, cents = draw.one_of(PLANS)
        status = draw.one_of(["active", "active", "past_due", "trial", "cancelled"])
        ended = made + timedelta(days=draw.below(40)) if status == "cancelled" and draw.chance(90) else None
        row = {"household_id": self._one("ho", draw, self.size.households), "plan": plan, "status": status}
        row |= {"price_cents": cents, "currency": "USD", "started_at": written(made)}
        return row | {"ended_at": written(ended)}

    @staticmethod
    def _one(letters: str, draw: Draw, count: int) -> str:
        return f"{letters}-{1 + draw.below(count):08}"


def write(folder: Path, size: str | Size = "small", seed: int = SEED) -> dict[str, int]:
    """Writes the deliveries below a folder and answers their rows by path."""
    made = Generator(size, seed).rows()
    return write_rows(folder, ((f"{delivery}/{table}", row) for delivery, table, row in made))


if __name__ == "__main__":
    command_line(__doc__, SIZES, SEED, write)
