"""What a build says about itself: report.json, from dbt's results and the runner's own measures."""

from __future__ import annotations

import resource
from dataclasses import dataclass, field

from dbt.contracts.graph.manifest import Manifest

from containers.dbt.plan import BuildPlan

MAX_MESSAGE_CHARACTERS = 500


@dataclass
class Findings:
    """What the results of all dbt commands add up to."""

    passed: int = 0
    warned: list[dict] = field(default_factory=list)
    failed: list[dict] = field(default_factory=list)
    models: list[dict] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    built: set[str] = field(default_factory=set)

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
        message = _shortened(result.message)
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
        findings.failed.append(entry)
    elif status in ("error", "runtime error"):
        findings.errors.append(f"{name}: {message}")


def _tested_model(manifest: Manifest, node) -> str:
    attached = getattr(node, "attached_node", None) or next(iter(node.depends_on_nodes or []), None)
    found = manifest.nodes.get(attached) or manifest.sources.get(attached) if attached else node
    return found.name if found else node.name


def _shortened(message: str | None) -> str:
    return " ".join((message or "").split())[:MAX_MESSAGE_CHARACTERS]


def build_report(
    plan: BuildPlan,
    findings: Findings,
    error: str | None,
    measures: dict,
) -> dict:
    """report.json; `measures` brings datasets, database, silver_rows and seconds as far as the run came."""
    verdict = "error" if error else findings.verdict
    return {
        "version": 1,
        "run_id": plan.run_id,
        "attempt": plan.attempt,
        "edition": plan.edition,
        "verdict": verdict,
        "error": error or (findings.errors[0] if findings.errors else None),
        "tests": {
            "passed": findings.passed,
            "warned": len(findings.warned),
            "failed": len(findings.failed),
        },
        "failed_tests": findings.failed,
        "warned_tests": findings.warned,
        "models": findings.models,
        "datasets": measures.get("datasets", []) if verdict == "passed" else [],
        "database": measures.get("database") if verdict == "passed" else None,
        "silver_rows": measures.get("silver_rows", {}),
        "seconds": measures.get("seconds", {}),
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
