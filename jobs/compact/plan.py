"""The compaction plan: which files of which day become one, as plan-compaction decided it."""

from dataclasses import dataclass

from jobs.cleanse.plan import PlanError

MAX_GROUPS = 1_000
MAX_FILES = 50_000


@dataclass(frozen=True)
class Part:
    """One silver file to read, in the words of the store."""

    bucket: str
    key: str
    bytes: int
    version_id: str | None = None


@dataclass(frozen=True)
class Group:
    """Files of one arrival day (`YYYY/MM/DD`) that become one file, in the order of their commits."""

    day: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class CompactPlan:
    """One attempt of one compaction."""

    run_id: str
    attempt: int
    correlation_id: str
    entity: str
    engine: str
    silver_bucket: str
    pending_prefix: str
    report_uri: str
    groups: tuple[Group, ...]


def parse_plan(document: dict) -> CompactPlan:
    """Turns the plan's JSON into a CompactPlan; raises PlanError naming what is wrong."""
    if document.get("version") != 1 or document.get("kind") != "compact":
        raise PlanError(f"not a compaction of version 1: {document.get('kind')} {document.get('version')}")
    try:
        bucket = document["silver_bucket"]
        groups = tuple(_group(bucket, group) for group in document["groups"])
        names = ("run_id", "entity", "engine", "report_uri", "pending_prefix")
        plan = CompactPlan(
            **{name: document[name] for name in names},
            attempt=int(document["attempt"]),
            correlation_id=document.get("correlation_id", ""),
            silver_bucket=bucket,
            groups=groups,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PlanError(f"the plan is incomplete or malformed: {error!r}") from error
    if not plan.pending_prefix.startswith("_pending/") or not plan.pending_prefix.endswith("/"):
        raise PlanError(f"a compaction writes below _pending/, not to {plan.pending_prefix}")
    files = sum(len(group.parts) for group in groups)
    if not 0 < len(groups) <= MAX_GROUPS or files > MAX_FILES:
        raise PlanError(f"a plan has 1 to {MAX_GROUPS} groups of {MAX_FILES} files in all")
    return plan


def _group(bucket: str, group: dict) -> Group:
    parts = tuple(Part(bucket, item["key"], int(item["bytes"])) for item in group["files"])
    if len({part.key for part in parts}) != len(parts) or not parts:
        raise ValueError(f"a group of {group['day']} names a file twice, or none")
    return Group(group["day"], parts)
