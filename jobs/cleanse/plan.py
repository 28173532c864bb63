"""The cleanse plan: what start-cleanse decided, read from an immutable object."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jobs.cleanse.limits import MAX_INPUTS


class PlanError(Exception):
    """A plan that this version of the job cannot carry out."""


@dataclass(frozen=True)
class Kept:
    """Rows of one file that quarantine kept: files of texts, of their lines, and of rows to reject again."""

    texts: Path | None
    numbers: Path | None
    lines: int
    again: Path | None


@dataclass(frozen=True)
class Input:
    """One landed file version; `landed_at` becomes `_ingested_at` of its rows.

    A `rejected` one is an object of quarantine, which `replay` turns into inputs with `kept` rows.
    """

    bucket: str
    key: str
    version_id: str | None
    bytes: int
    landed_at: datetime
    source: str
    rejected: bool = False
    kept: Kept | None = None

    @property
    def order(self) -> tuple:
        """Oldest first, and total: this order decides which of two duplicates is the later one."""
        return self.landed_at, self.key, self.version_id or ""


@dataclass(frozen=True)
class Plan:
    """One attempt of one cleanse run."""

    run_id: str
    attempt: int
    correlation_id: str
    entity: str
    engine: str
    inputs: tuple
    silver_bucket: str
    quarantine_bucket: str
    pending_prefix: str
    quarantine_prefix_tail: str
    report_uri: str
    contract_version: str
    # The deployment's stage: what tells of a person is masked in silver unless it is production.
    stage: str


def landed_text(item: Input) -> str:
    """When an input landed, as quarantine writes it: UTC, with microseconds."""
    return item.landed_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_plan(document: dict) -> Plan:
    """Turns the plan's JSON into a Plan; raises PlanError naming what is wrong."""
    if document.get("version") != 1 or document.get("kind") != "cleanse":
        raise PlanError(f"not a cleanse plan of version 1: {document.get('kind')} {document.get('version')}")
    try:
        inputs = [_input(item) for item in document["inputs"]]
        plan = Plan(
            run_id=document["run_id"],
            attempt=int(document["attempt"]),
            correlation_id=document.get("correlation_id", ""),
            entity=document["entity"],
            engine=document["engine"],
            inputs=tuple(sorted(inputs, key=lambda item: item.order)),
            silver_bucket=document["silver_bucket"],
            quarantine_bucket=document["quarantine_bucket"],
            pending_prefix=_prefix(document["pending_prefix"]),
            quarantine_prefix_tail=_prefix(document["quarantine_prefix_tail"]),
            report_uri=document["report_uri"],
            contract_version=document["contract_version"],
            stage=document["stage"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PlanError(f"the plan is incomplete or malformed: {error!r}") from error
    if not 0 < len(plan.inputs) <= MAX_INPUTS:
        raise PlanError(f"a plan has 1 to {MAX_INPUTS} inputs, not {len(plan.inputs)}")
    return plan


def _input(item: dict) -> Input:
    landed_at = datetime.fromisoformat(item["landed_at"])
    if landed_at.tzinfo is None:
        raise ValueError(f"landed_at without an offset: {item['landed_at']}")
    return Input(
        bucket=item["bucket"],
        key=item["key"],
        version_id=item.get("version_id") or None,
        bytes=int(item["bytes"]),
        landed_at=landed_at.astimezone(UTC),
        source=item.get("source", ""),
        rejected=_kind(item) == "rejected",
    )


def _kind(item: dict) -> str:
    kind = item.get("kind", "file")
    if kind not in ("file", "rejected"):
        raise ValueError(f"an input is a file or rejected rows, not {kind!r}")
    return kind


def _prefix(text: str) -> str:
    if not text.endswith("/") or text.startswith("/"):
        raise ValueError(f"a prefix ends with a slash and does not start with one: {text}")
    return text
