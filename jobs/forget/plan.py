"""What to forget: the plan says where the subject stands, and only that object holds the key in clear."""

from dataclasses import dataclass

from jobs.cleanse.plan import PlanError
from jobs.compiled import CompiledContract


@dataclass(frozen=True)
class ForgetPlan:
    """One attempt of one deletion request; `column` says which column of the entity knows the subject."""

    run_id: str
    attempt: int
    correlation_id: str
    entity: str
    column: str
    subject_uri: str
    dry_run: bool
    silver_bucket: str
    quarantine_bucket: str
    report_uri: str


def parse_plan(document: dict) -> ForgetPlan:
    """Turns the plan's JSON into a ForgetPlan; raises PlanError naming what is wrong."""
    if document.get("version") != 1 or document.get("kind") != "forget":
        raise PlanError(f"not a deletion of version 1: {document.get('kind')} {document.get('version')}")
    try:
        names = ("run_id", "entity", "column", "subject_uri", "silver_bucket", "quarantine_bucket")
        return ForgetPlan(
            **{name: document[name] for name in names},
            report_uri=document["report_uri"],
            attempt=int(document["attempt"]),
            correlation_id=document.get("correlation_id", ""),
            dry_run=document["dry_run"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PlanError(f"the plan is incomplete or malformed: {error!r}") from error


def subject_of(plan: ForgetPlan, contract: CompiledContract, store) -> str:
    """The value by which the subject is known. Raises PlanError for a column that cannot be asked by."""
    if plan.column not in contract.columns or plan.column in contract.classified:
        raise PlanError(f"{plan.entity} has no column {plan.column} that is not masked")
    value = store.read_json(plan.subject_uri).get("value")
    if not isinstance(value, str) or not value.strip():
        raise PlanError("the subject has no value")
    return value.strip()
