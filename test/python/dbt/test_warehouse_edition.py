"""An edition on Snowflake: shown whole or not at all, whoever else is alive and wherever a build dies."""

import re

import pytest

from containers.dbt.snowflake.edition import MARK, Overtaken, WarehouseEdition

LIVE = "COMMERCE"


class Account:
    """Schemas with the edition that each holds; `dies_at` is the start of a statement that is never run."""

    def __init__(self) -> None:
        self.schemas: dict[str, str | None] = {}
        self.dies_at: str | None = None
        self.said: list[str] = []

    def run(self, statement: str) -> list[tuple]:
        if self.dies_at and statement.startswith(self.dies_at):
            raise ConnectionError(statement)
        self.said.append(statement)
        names = re.findall(r"LAKE\.(\w+)", statement)
        if statement.startswith("create schema"):
            self.schemas.setdefault(names[0], None)
        elif statement.startswith("create or replace schema"):
            self.schemas[names[0]] = self.schemas[names[1]]
        elif statement.startswith("create or replace table"):
            if names[0] not in self.schemas:
                raise LookupError(names[0])
            self.schemas[names[0]] = statement.split("'")[1]
        elif statement.startswith("alter schema"):
            one, other = names
            self.schemas[one], self.schemas[other] = self.schemas[other], self.schemas[one]
        elif statement.startswith("drop schema"):
            self.schemas.pop(names[0], None)
        elif "schemata" in statement:
            return [(name,) for name in self.schemas if name.startswith(statement.split("'")[1])]
        elif "count(*)" in statement:
            return [(int(self.schemas.get(statement.split("'")[1]) is not None),)]
        elif MARK in statement:
            return [(self.schemas[names[0]],)]
        return []

    def edition(self, name: str, **given) -> WarehouseEdition:
        return WarehouseEdition(self.run, "lake", "commerce", name, **given)


def published(account: Account, name: str) -> None:
    edition = account.edition(name)
    edition.begin()
    edition.publish()


def test_an_edition_takes_the_place_of_the_one_before_and_leaves_nothing_else():
    account = Account()
    published(account, "e-1")
    published(account, "e-2")
    assert account.schemas == {LIVE: "e-2"}
    assert account.edition("e-3").shown() == "e-2"


def test_a_failed_build_leaves_what_people_read():
    account = Account()
    published(account, "e-1")
    failed = account.edition("e-2")
    failed.begin()
    failed.abandon()
    assert account.schemas == {LIVE: "e-1"}


@pytest.mark.parametrize(
    ("dies_at", "shown"), [("create or replace table", "e-1"), ("alter", "e-1"), ("drop", "e-2")]
)
def test_a_build_that_dies_in_publishing_shows_one_whole_edition_and_the_next_tidies_up(dies_at, shown):
    account = Account()
    published(account, "e-1")
    dying = account.edition("e-2")
    dying.begin()
    account.dies_at = dies_at
    with pytest.raises(ConnectionError):
        dying.publish()
    account.dies_at = None
    assert account.schemas[LIVE] == shown
    published(account, "e-3")
    assert account.schemas == {LIVE: "e-3"}


def test_an_attempt_whose_clone_another_one_has_dropped_can_swap_nothing():
    account = Account()
    old, new = account.edition("e-1"), account.edition("e-2")
    old.begin()
    new.begin()
    assert old.work not in account.schemas
    new.publish()
    with pytest.raises(LookupError):
        old.publish()
    assert account.schemas == {LIVE: "e-2"}


def test_an_attempt_that_stands_on_an_old_clone_stops():
    account = Account()
    published(account, "e-1")
    slow = account.edition("e-3")

    def meanwhile() -> list[str]:
        account.schemas[LIVE] = "e-2"
        return []

    slow._clones = meanwhile
    with pytest.raises(Overtaken):
        slow.begin()


def test_readers_get_their_grants_before_the_swap():
    account = Account()
    edition = account.edition("e-1", readers="ANALYSTS")
    edition.begin()
    edition.publish()
    kinds = [statement.split()[0] for statement in account.said]
    assert "ANALYSTS" in " ".join(account.said)
    assert max(i for i, kind in enumerate(kinds) if kind == "grant") < kinds.index("alter")
