"""What one build has to do: the plan object, parsed at the border and trusted inside."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from jobs.task.plan import BUCKET, IDENTITY, URI, PlanError, head, text, text_or_none

# See docs/builds.md. `test` runs the tests of an edition that `fast` has built without them.
MODES = ("standard", "source", "fast", "full_refresh", "ci", "test")
TARGETS = ("duckdb", "athena", "snowflake")
# The domains whose models are written for Snowflake too.
ON_SNOWFLAKE = {"marketing", "commerce"}
MAX_SELECTORS = 200

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")
DAY = re.compile(r"\d{4}/\d{2}/\d{2}\Z")
COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}\Z")
# dbt's selector words only: no blanks, no quotes, and never a leading dash, which would be an option.
SELECTOR = re.compile(r"[A-Za-z0-9_+@*][A-Za-z0-9_.:+@*/,-]{0,199}\Z")


@dataclass(frozen=True)
class SilverRun:
    """One committed cleanse run and the Parquet files it left in silver."""

    run_id: str
    files: tuple[str, ...]
    # Its place among the committed runs of its entity; None where nobody noted it.
    number: int | None = None


@dataclass(frozen=True)
class MovedFile:
    """A file that holds rows of runs with numbers from `first` to `last`."""

    uri: str
    first: int
    last: int


@dataclass(frozen=True)
class MovedDay:
    """The files that hold all rows of a day (`YYYY/MM/DD`) of the runs up to a number."""

    day: str
    up_to: int
    files: tuple[MovedFile, ...]


@dataclass(frozen=True)
class BuildPlan:
    """One build of one lane.

    `silver` names each source entity of the lane with the runs that came after the given database; runs that
    the database has merged already may be listed too, and are skipped.
    """

    run_id: str
    attempt: int
    correlation_id: str
    lane: str
    domains: tuple[str, ...]
    target: str
    # The deployment's stage: what tells of a person is masked in gold unless it is production.
    stage: str
    mode: str
    selectors: tuple[str, ...]
    edition: str
    silver: dict[str, tuple[SilverRun, ...]]
    database_uri: str | None
    database_out: str
    gold_bucket: str
    artifacts_prefix: str
    # Artifacts of an earlier attempt to go on from; a person's word that failed tests need not stop it.
    retry_of: str | None = None
    waive_tests: bool = False
    # Selectors of each finished sync in its source's order, and the folder of the warehouse's RAW tables.
    order: tuple[tuple[str, ...], ...] = ()
    raw_uri: str | None = None
    # Columns that say when a row of RAW was loaded.
    refresh_columns: tuple[str, ...] = ()
    # Days whose files compaction has replaced since the database was built, by entity.
    moved: dict[str, tuple[MovedDay, ...]] = field(default_factory=dict)
    # Build also what has the same inputs as in the last good build.
    force: bool = False
    # The folder with the manifest that `ci` compares with; the edition whose tests `test` runs.
    state_uri: str | None = None
    tested_edition: str | None = None


def parse_plan(raw: Any) -> BuildPlan:
    """A checked plan. Raises PlanError with a sentence that names the field."""
    about = head(raw, "build")
    database = raw.get("database") or {}
    return BuildPlan(
        **about,
        lane=text(raw, "lane", IDENTITY),
        domains=_texts(raw, "domains", NAME),
        target=_one_of(raw, "target", TARGETS),
        stage=text(raw, "stage", IDENTITY),
        mode=_one_of(raw, "mode", MODES),
        selectors=_texts(raw, "selectors", SELECTOR),
        edition=text(raw, "edition", IDENTITY),
        silver=_silver(raw.get("silver")),
        database_uri=text_or_none(database, "uri", URI),
        database_out=text(raw, "database_out", URI),
        gold_bucket=text(raw, "gold_bucket", BUCKET),
        artifacts_prefix=_folder(raw, "artifacts_prefix"),
        retry_of=_folder(raw, "retry_of") if raw.get("retry_of") else None,
        waive_tests=_yes(raw, "waive_tests"),
        order=_order(raw.get("order") or []),
        raw_uri=_folder(raw, "raw_uri") if raw.get("raw_uri") else None,
        refresh_columns=_texts(raw, "refresh_columns", COLUMN) if raw.get("refresh_columns") else (),
        moved={entity: tuple(map(_moved_day, days)) for entity, days in (raw.get("moved") or {}).items()},
        force=_yes(raw, "force"),
        state_uri=_folder(raw, "state_uri") if raw.get("state_uri") else None,
        tested_edition=text_or_none(raw, "tested_edition", IDENTITY),
    )


def _folder(raw: dict, name: str) -> str:
    return text(raw, name, URI).rstrip("/") + "/"


def _yes(raw: dict, name: str) -> bool:
    value = raw.get(name) or False
    if not isinstance(value, bool):
        raise PlanError(f"{name} must be true or false")
    return value


def _texts(raw: dict, name: str, pattern: re.Pattern[str]) -> tuple[str, ...]:
    values = raw.get(name)
    if not isinstance(values, list) or not 1 <= len(values) <= MAX_SELECTORS:
        raise PlanError(f"{name} must list 1 to {MAX_SELECTORS} texts")
    return tuple(text({name: value}, name, pattern) for value in values)


def _order(raw: Any) -> tuple[tuple[str, ...], ...]:
    if not isinstance(raw, list) or len(raw) > MAX_SELECTORS:
        raise PlanError(f"order must list at most {MAX_SELECTORS} lists of selectors")
    return tuple(_texts({"order": selectors}, "order", SELECTOR) for selectors in raw)


def _one_of(raw: dict, name: str, allowed: tuple[str, ...]) -> str:
    if raw.get(name) not in allowed:
        raise PlanError(f"{name} must be one of {', '.join(allowed)}")
    return raw[name]


def _silver(raw: Any) -> dict[str, tuple[SilverRun, ...]]:
    if not isinstance(raw, dict):
        raise PlanError("silver must name each source entity of the lane with its runs")
    silver = {}
    for entity, runs in raw.items():
        text({"entity": entity}, "entity", NAME)
        if not isinstance(runs, list):
            raise PlanError(f"silver.{entity} must list runs")
        silver[entity] = tuple(_silver_run(run) for run in runs)
        if len({run.run_id for run in silver[entity]}) != len(runs):
            raise PlanError(f"silver.{entity} lists a run twice")
    return silver


def _silver_run(raw: Any) -> SilverRun:
    if not isinstance(raw, dict) or not isinstance(raw.get("files"), list):
        raise PlanError("a silver run needs run_id and files")
    files = tuple(text({"files": file}, "files", URI) for file in raw["files"])
    number = None if raw.get("number") is None else _count(raw, "number")
    return SilverRun(text(raw, "run_id", IDENTITY), files, number)


def _moved_day(raw: Any) -> MovedDay:
    if not isinstance(raw, dict) or not isinstance(raw.get("files"), list):
        raise PlanError("a moved day needs day, up_to and files")
    files = tuple(
        MovedFile(text(file, "uri", URI), _count(file, "from"), _count(file, "up_to"))
        for file in raw["files"]
    )
    return MovedDay(text(raw, "day", DAY), _count(raw, "up_to"), files)


def _count(raw: dict, name: str) -> int:
    value = raw.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise PlanError(f"{name} must be a whole number from 1 on")
    return value
