"""dbt's part of a build: its commands in order, and what their results add up to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from containers.dbt.plan import BuildPlan
from containers.dbt.project import Project
from containers.dbt.report import Findings, collect, collect_kept, shortened
from containers.dbt.retry import Retry
from containers.dbt.silver import SilverInput


class StopBuild(Exception):
    """dbt has said why this build cannot go on; the findings hold it, or the message does."""


class Transform:
    """Builds and tests what the plan selects, or what a retry has left to do.

    `complete` says that every selected node has a result, good or bad, so that a later attempt can go on.
    """

    def __init__(
        self,
        plan: BuildPlan,
        project: Project,
        findings: Findings,
        timed: Callable[[str], AbstractContextManager],
    ) -> None:
        self.plan, self.project, self.findings, self._timed = plan, project, findings, timed
        self.complete = False

    def run(self, entities: list[str], whole_lane: bool, full_refresh: bool, retry: Retry | None) -> None:
        """Raises StopBuild when dbt does not get to the end, or a test fails that nobody waived."""
        selectors = self._selectors(whole_lane)
        if retry:
            selectors = retry.selectors(self.project.manifest)
            self.project.keep_results(retry.kept)
            collect_kept(self.findings, self.project.manifest, retry.kept)
        elif any(node.resource_type == "seed" for node in self.project.manifest.nodes.values()):
            self._dbt("seed", "seed", "--select", *selectors)
        sources = [f"source:lake.{entity}" for entity in entities]
        self._dbt("freshness", "source", "freshness", "--no-populate-cache", "--select", *sources)
        if selectors:
            self._build(["--full-refresh"] if full_refresh else [], selectors)
        self.complete = True

    def _build(self, refresh: list[str], selectors: list[str]) -> None:
        """With a waiver the tests come last: within `dbt build`, a failed one would skip what comes after."""
        skipped = ["--exclude-resource-type", "unit_test"]
        if not self.plan.waive_tests:
            self._dbt("build", "build", *refresh, *skipped, "--select", *selectors)
            return
        untested = [*skipped, "--exclude-resource-type", "test"]
        self._dbt("build", "build", *refresh, *untested, "--select", *selectors, last=False)
        self._dbt("test", "test", *skipped, "--select", *selectors)

    def _selectors(self, whole_lane: bool) -> list[str]:
        """The plan's selectors, each held inside the lane by intersection with its domains."""
        domains = [f"+group:{domain}" for domain in self.plan.domains]
        if whole_lane:
            return domains
        return [f"{selector},{domain}" for selector in self.plan.selectors for domain in domains]

    def _dbt(self, phase: str, *arguments: str, last: bool = True) -> None:
        with self._timed(phase):
            outcome = self.project.invoke(*arguments)
        results = getattr(outcome.result, "results", None)
        collect(self.findings, self.project.manifest, results or [])
        if outcome.exception is not None:
            raise StopBuild(f"dbt {phase}: {shortened(str(outcome.exception))}")
        self.complete = phase in ("build", "test") and last
        if self.findings.verdict != "passed":
            raise StopBuild

    def check_readers(self, inputs: dict[str, SilverInput]) -> None:
        """Stops a build whose silver has gone past a model: no later plan would list it again."""
        for entity, given in inputs.items():
            left_out = [
                node.name
                for node in self.project.manifest.nodes.values()
                if node.resource_type == "model"
                and f"source.lake.lake.{entity}" in node.depends_on_nodes
                and node.unique_id not in self.findings.built
            ]
            if given.runs and left_out:
                raise StopBuild(
                    f"the plan lists {len(given.runs)} new runs of {entity}, but its selectors leave out"
                    f" {', '.join(left_out)}, which would never see them"
                )
