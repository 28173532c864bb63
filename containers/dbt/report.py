"""What a build says about itself: report.json, from dbt's results and the runner's own measures."""

from __future__ import annotations

import resource
from dataclasses import dataclass, field

from dbt.contracts.graph.manifest import Manifest

from containers.dbt.plan import BuildPlan
from containers.dbt.quality import Check, check_of
from containers.dbt.scope import Scope
from jobs.failures import may_pass, shortened


@dataclass
class Findings:
    """What the results of all dbt commands add up to."""

    passed: int = 0
    warned: list[dict] = field(default_factory=list)
    failed: list[dict] = field(default_factory=list)
    waived: list[dict] = field(default_factory=list)
    models: list[dict] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    built: set[str] = field(default_factory=set)
    checks: list[Check] = field(default_factory=list)
    loaded: dict[tuple[str, str], str] = field(default_factory=dict)
    waive_tests: bool = False

    @property
    def verdict(self) -> str:
        """An error outweighs failing tests: it says that the tests do not tell the whole story."""
        if self.errors:
            return "error"
        return "tests_failed" if self.failed else "passed"


def collect(findings: Findings, manifest: Manifest, results) -> None:
    """Adds the results of one dbt command."""
    for result in results:
        kind, status = str(result.node.resource_type), str(result.status)
        message = shortened(result.message or "")
        if kind in ("test", "source"):
            _collect_check(findings, manifest, result, kind, status, message)
            continue
        findings.models.append(
            {
                "model": result.node.name,
                "status": status,
                "rows": None,
                "seconds": round(result.execution_time, 3),
            }
        )
        if status == "success":
            findings.built.add(result.node.unique_id)
        if status == "error":
            findings.errors.append(f"{result.node.name}: {message}")


def _collect_check(
    findings: Findings, manifest: Manifest, result, kind: str, status: str, message: str
) -> None:
    name = result.node.name if kind == "test" else f"source_freshness_{result.node.name}"
    if kind == "test" and status != "skipped":
        findings.checks.append(check_of(result.node, status))
    if kind == "source" and _is_loaded(newest := getattr(result, "max_loaded_at", None)):
        findings.loaded[(result.node.source_name, result.node.name)] = newest.isoformat()
    entry = {
        "test": name,
        "model": _tested_model(manifest, result.node),
        "failures": getattr(result, "failures", None) or (1 if status in ("warn", "fail") else 0),
        "message": message,
    }
    if status == "pass":
        findings.passed += 1
    elif status == "warn":
        findings.warned.append(entry)
    elif status == "fail" or (kind == "source" and status == "error"):
        (findings.waived if findings.waive_tests else findings.failed).append(entry)
    elif status in ("error", "runtime error"):
        findings.errors.append(f"{name}: {message}")


def _is_loaded(newest) -> bool:
    """Whether rows were found; of an empty table dbt says the first day of year 1 (`calculate_freshness`)."""
    return newest is not None and newest.year > 1


def collect_kept(findings: Findings, manifest: Manifest, rows: list[dict]) -> None:
    """Adds what an earlier attempt found of nodes that are kept, from the rows of its run_results.json."""
    for row in rows:
        node, status = manifest.nodes[row["unique_id"]], row["status"]
        if node.resource_type == "test":
            findings.checks.append(check_of(node, status))
        if node.resource_type != "test":
            findings.built.add(node.unique_id)
        elif status == "pass":
            findings.passed += 1
        else:
            model, message = _tested_model(manifest, node), shortened(row.get("message") or "")
            failures = row.get("failures") or 1
            findings.warned.append(
                {"test": node.name, "model": model, "failures": failures, "message": message}
            )


def _tested_model(manifest: Manifest, node) -> str:
    attached = getattr(node, "attached_node", None) or next(iter(node.depends_on_nodes or []), None)
    found = manifest.nodes.get(attached) or manifest.sources.get(attached) if attached else node
    return found.name if found else node.name


def build_report(
    plan: BuildPlan,
    findings: Findings,
    error: str | None,
    measures: dict,
    scope: Scope | None = None,
    unchanged: bool = False,
) -> dict:
    """report.json; `measures` brings datasets, database, silver_rows and seconds as far as the run came."""
    verdict = "error" if error else "unchanged" if unchanged else findings.verdict
    # One lasting error is enough for another attempt to end the same way.
    causes = [*([error] if error else []), *findings.errors]
    failure = {"transient": all(map(may_pass, causes)), "message": causes[0]} if causes else None
    return {
        "version": 1,
        "run_id": plan.run_id,
        "attempt": plan.attempt,
        "edition": plan.edition,
        "verdict": verdict,
        "error": causes[0] if causes else None,
        "failure": measures.get("failure") or failure,
        "tests": {
            "passed": findings.passed,
            "warned": len(findings.warned),
            "failed": len(findings.failed),
            "waived": len(findings.waived),
        },
        "scores": measures.get("scores", []),
        "loaded": [
            {"source": source, "table": table, "at": at}
            for (source, table), at in sorted(findings.loaded.items())
        ],
        "failed_tests": findings.failed,
        "warned_tests": findings.warned,
        "waived_tests": findings.waived,
        "mode": plan.mode,
        **_told_of(scope or Scope(), findings),
        "retried": measures.get("retried"),
        "not_retried": measures.get("not_retried"),
        "partial_database": measures.get("partial_database"),
        "datasets": measures.get("datasets", []) if verdict == "passed" else [],
        "database": measures.get("database") if verdict == "passed" else None,
        "silver_rows": measures.get("silver_rows", {}),
        "seconds": measures.get("seconds", {}),
        "cpu_seconds": measures.get("cpu_seconds", {}),
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def _told_of(scope: Scope, findings: Findings) -> dict:
    """The order of the steps, what was built and what was not, each with the reason why."""
    # Names are unique within a project; a model's id ends with its name, or with its schema version.
    name = {node: node.split(".")[2] for node in {**scope.choice.builds, **scope.choice.leaves}}
    why = {name[node]: reason for node, reason in scope.choice.builds.items()}
    left = [{"model": name[node], "why": reason} for node, reason in scope.choice.leaves.items()]
    return {
        "order": [step.name for step in scope.steps],
        "models": [{**model, "why": why.get(model["model"])} for model in findings.models],
        "not_built": left,
        "behind": None if scope.behind is None else [node.split(".")[2] for node in scope.behind],
    }
