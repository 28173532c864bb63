"""What a cleanse did, as finish-cleanse reads it. The gate decides there, never here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from jobs.cleanse.plan import Plan


class CountsDisagree(Exception):
    """Rows were lost or made up: the job has a bug, and must not report."""


@dataclass
class InputCount:
    """The fate of one input's rows; `problem` names the rule when the file as a whole was refused."""

    key: str
    version_id: str | None
    rows: int = 0
    out: int = 0
    duplicates: int = 0
    rejected: int = 0
    problem: str | None = None


@dataclass
class Outcome:
    """What an engine hands back: counts, and what it has already stored."""

    inputs: list = field(default_factory=list)
    reasons: Mapping = field(default_factory=dict)
    files: list = field(default_factory=list)
    quarantine: list = field(default_factory=list)
    drift: list = field(default_factory=list)
    schema_changes: list = field(default_factory=list)
    seconds: dict = field(default_factory=dict)
    peak_memory_bytes: int = 0
    # Quarantine objects that were judged again: key and rows. Their rows count at the files they came from.
    replayed: list = field(default_factory=list)


# What of a plan its report repeats, whether there is a verdict or not.
REPORTED = ("run_id", "attempt", "entity", "engine", "contract_version")


def build_report(plan: Plan, outcome: Outcome) -> dict:
    """The report document; raises CountsDisagree unless every row that came in is accounted for."""
    rows = {
        "in": sum(item.rows for item in outcome.inputs),
        "out": sum(item.out for item in outcome.inputs),
        "duplicates": sum(item.duplicates for item in outcome.inputs),
        "rejected": sum(item.rejected for item in outcome.inputs),
    }
    _check(rows, outcome)
    return {
        "version": 1,
        **{name: getattr(plan, name) for name in REPORTED},
        "rows": rows,
        "reasons": dict(sorted(outcome.reasons.items())),
        "files": outcome.files,
        "inputs": [vars(item) for item in outcome.inputs],
        "quarantine": outcome.quarantine,
        "replayed": outcome.replayed,
        "drift": outcome.drift,
        "schema_changes": outcome.schema_changes,
        "seconds": {name: round(value, 3) for name, value in outcome.seconds.items()},
        "peak_memory_bytes": outcome.peak_memory_bytes,
    }


def _check(rows: dict, outcome: Outcome) -> None:
    sums = {
        "every input adds up": all(
            item.rows == item.out + item.duplicates + item.rejected for item in outcome.inputs
        ),
        "rows out are the rows of the files": rows["out"] == sum(item["rows"] for item in outcome.files),
        "rejected rows each have a first reason": rows["rejected"] == sum(outcome.reasons.values()),
        "rejected rows are all in quarantine": rows["rejected"]
        == sum(item["rows"] for item in outcome.quarantine),
    }
    broken = [name for name, holds in sums.items() if not holds]
    if broken:
        raise CountsDisagree(f"{'; '.join(broken)}: does not hold for {rows}")
