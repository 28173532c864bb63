"""dbt's part of a build: its commands in order, and what their results add up to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from graphlib import CycleError, TopologicalSorter
from itertools import chain

from dbt.contracts.graph.manifest import Manifest

from containers.dbt.plan import BuildPlan
from containers.dbt.project import Project
from containers.dbt.report import Findings, collect, collect_kept, shortened
from containers.dbt.retry import Retry
from containers.dbt.silver import SilverInput
from containers.dbt.warehouse import RAW_SOURCE, raw_tables


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
        steps = [self._lane()] if whole_lane else [self._inside(step) for step in steps_of(self.plan)]
        if retry:
            # dbt's own graph keeps the order of what is left.
            steps = [retry.selectors(self.project.manifest)]
            self.project.keep_results(retry.kept)
            collect_kept(self.findings, self.project.manifest, retry.kept)
        elif any(node.resource_type == "seed" for node in self.project.manifest.nodes.values()):
            # A seed whose columns have changed does not fit its old table.
            refresh = ["--full-refresh"] if full_refresh else []
            self._dbt("seed", "seed", *refresh, "--select", *chain(*steps))
        loaded = raw_tables(self.project.manifest, self.plan.domains)
        sources = [f"source:lake.{entity}" for entity in entities]
        if sources := [*sources, *(f"source:{RAW_SOURCE}.{table.name}" for table in loaded)]:
            self._dbt("freshness", "source", "freshness", "--no-populate-cache", "--select", *sources)
        if any(steps):
            self._build(["--full-refresh"] if full_refresh else [], steps)
        self.complete = True

    def _build(self, refresh: list[str], steps: list[list[str]]) -> None:
        """With a waiver the tests come last: within `dbt build`, a failed one would skip what comes after."""
        skipped = ["--exclude-resource-type", "unit_test", "--exclude-resource-type", "exposure"]
        tested = [] if self.plan.waive_tests else ["--indirect-selection", self._tests_of(steps)]
        untested = ["--exclude-resource-type", "test"] if self.plan.waive_tests else []
        for number, step in enumerate(steps, 1):
            last = number == len(steps) and not self.plan.waive_tests
            chosen = [*(self._built_already() if number > 1 else []), "--select", *step]
            self._dbt("build", "build", *refresh, *skipped, *tested, *untested, *chosen, last=last)
        if self.plan.waive_tests:
            self._dbt("test", "test", *skipped, "--select", *chain(*steps))

    @staticmethod
    def _tests_of(steps: list[list[str]]) -> str:
        """A test that also reads what a later step builds belongs to that step."""
        return "eager" if len(steps) == 1 else "buildable"

    def _built_already(self) -> list[str]:
        """A model that two steps select is built by the first."""
        nodes = (self.project.manifest.nodes[node] for node in sorted(self.findings.built))
        built = ["fqn:" + ".".join(node.fqn) for node in nodes]
        return ["--exclude", *built] if built else []

    def _lane(self) -> list[str]:
        return [f"+group:{domain}" for domain in self.plan.domains]

    def _inside(self, selectors: list[str]) -> list[str]:
        """Selectors, each held inside the lane by intersection with its domains."""
        return [f"{selector},{domain}" for selector in selectors for domain in self._lane()]

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
            source = f"source.lake.lake.{entity}"
            made = _made_from(self.project.manifest, source)
            left_out = [
                node.name
                for node in self.project.manifest.nodes.values()
                if node.resource_type == "model"
                and node.config.materialized != "ephemeral"
                and (source in node.depends_on_nodes or (is_incremental(node) and node.unique_id in made))
                and node.unique_id not in self.findings.built
            ]
            if given.runs and left_out:
                raise StopBuild(
                    f"the plan lists {len(given.runs)} new runs of {entity}, but its selectors leave out"
                    f" {', '.join(left_out)}, which would never see them"
                )


def is_incremental(node) -> bool:
    """Whether a model keeps what it has and takes in only what is new: it too would never see it again."""
    return node.config.materialized == "incremental"


def _made_from(manifest: Manifest, source: str) -> set[str]:
    """The ids of all nodes that are made from a source, directly or through others."""
    found, before = {source}, 0
    while len(found) > before:
        before = len(found)
        found |= {node.unique_id for node in manifest.nodes.values() if found & {*node.depends_on_nodes}}
    return found


def steps_of(plan: BuildPlan) -> list[list[str]]:
    """The plan's selectors in groups that are built one after another.

    Each list of the order keeps its sequence, lists go side by side, and what no list names comes last. Where
    two lists contradict each other there is one group, and dbt's graph alone decides.
    """
    before: dict[str, set[str]] = {}
    for selectors in map(list, map(dict.fromkeys, plan.order)):
        for place, selector in enumerate(selectors):
            before.setdefault(selector, set()).update(selectors[:place])
    sorter = TopologicalSorter(before)
    try:
        sorter.prepare()
    except CycleError:
        return [list(plan.selectors)]
    steps = []
    while sorter.is_active():
        ready = sorter.get_ready()
        steps.append(sorted(ready))
        sorter.done(*ready)
    rest = [selector for selector in plan.selectors if selector not in before]
    return [*steps, rest] if rest else steps
