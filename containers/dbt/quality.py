"""What the checks of one build add up to for each domain, by severity; and how new each source was."""

from __future__ import annotations

from dataclasses import dataclass

from dbt.contracts.graph.manifest import Manifest

from containers.dbt.graph import dataset_models
from containers.dbt.promises import upstream_of

SEVERITIES = ("error", "warn")


@dataclass(frozen=True)
class Check:
    """One test that ran: on which nodes, how serious, and whether it passed. Freshness is no test."""

    nodes: tuple[str, ...]
    severity: str
    passed: bool


def check_of(node, status: str) -> Check:
    """A test's result as a check. What could not be run has not passed."""
    severity = "warn" if str(node.config.severity).lower() == "warn" else "error"
    return Check(tuple(node.depends_on_nodes), severity, status == "pass")


def domain_scores(manifest: Manifest, domains: tuple[str, ...], checks: list[Check]) -> list[dict]:
    """By domain the checks that passed and that did not, by severity.

    A check counts for each domain whose datasets are made from what it looks at: a wrong price is wrong for
    all that are computed from it.
    """
    scores = []
    for domain in sorted(domains):
        made_from = upstream_of(manifest, [model.unique_id for model in dataset_models(manifest, (domain,))])
        own = [check for check in checks if made_from.intersection(check.nodes)]
        tests = {
            severity: {
                "passed": sum(check.passed for check in own if check.severity == severity),
                "failed": sum(not check.passed for check in own if check.severity == severity),
            }
            for severity in SEVERITIES
        }
        scores.append({"domain": domain, "tests": tests})
    return scores
