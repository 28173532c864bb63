"""dbt's part of a build: its commands in order, and what their results add up to."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from containers.dbt.project import Project
from containers.dbt.report import Findings, collect, collect_kept, shortened
from containers.dbt.retry import Retry
from containers.dbt.selection import Selection
from containers.dbt.silver import SilverInput
from containers.dbt.steps import Step
from containers.dbt.timing import Timed

# Chosen by name, and by nothing else: which tests go with a step is decided already.
AS_CHOSEN = ["--indirect-selection", "empty", "--exclude-resource-type", "unit_test"]
# A node is chosen by a mark on it: hundreds of names would take dbt longer than the build.
MARK = "sluice_step"


class StopBuild(Exception):
    """dbt has said why this build cannot go on; the findings hold it, or the message does."""


class Transform:
    """Builds and tests the given steps, each by one call of dbt in this process.

    `complete` says that every node of every step has a result, good or bad or skipped: a later attempt can go
    on from there.
    """

    def __init__(
        self,
        project: Project,
        findings: Findings,
        timed: Timed,
        waive_tests: bool = False,
    ) -> None:
        self.project, self.findings, self._timed = project, findings, timed
        self.waive_tests = waive_tests
        self.complete = False
        self._deferred: list[str] = []

    def selection(self, domains: Iterable[str], promoted: Path | None) -> Selection:
        """The lane; what `ci` does not build is that of the promoted manifest in this folder."""
        self._deferred = ["--defer", "--state", str(promoted)] if promoted else []
        return Selection(self.project.manifest, domains, promoted)

    def run(self, steps: list[Step], fresh: list[str], retry: Retry | None = None) -> None:
        """Seeds and snapshots, then the freshness of the sources `fresh`, then the layers.

        Raises StopBuild when dbt does not get to the end, or a test fails that nobody waived.
        """
        if retry:
            self.project.keep_results(retry.kept)
            collect_kept(self.findings, self.project.manifest, retry.kept)
        early = [step for step in steps if step.before_freshness]
        later = [step for step in steps if not step.before_freshness]
        waiting = [*early, *later]
        try:
            for step in early:
                self._step(step, waiting)
            if fresh:
                self._dbt("freshness", "source", "freshness", "--no-populate-cache", "--select", *fresh)
            for step in later:
                self._step(step, waiting)
            if self.waive_tests:
                self.test(chain.from_iterable(step.tests for step in steps))
            self.complete = True
        finally:
            self._skip(waiting)

    def test(self, tests: Iterable[str]) -> None:
        """Runs tests and builds nothing. Raises StopBuild as `run` does."""
        with self._marked(tests) as chosen:
            self._dbt("test", "test", *AS_CHOSEN, *chosen)

    def _step(self, step: Step, waiting: list[Step]) -> None:
        """With a waiver the tests come last: within `dbt build`, a failed one would skip what comes after."""
        tests = [] if self.waive_tests else step.tests
        refresh = ["--full-refresh"] if step.anew else []
        with self._marked([*step.nodes, *tests]) as chosen:
            waiting.remove(step)
            self._dbt("build", "build", *refresh, *self._deferred, *AS_CHOSEN, *chosen)

    @contextmanager
    def _marked(self, nodes: Iterable[str]):
        marked = [self.project.manifest.nodes[node] for node in nodes]
        for node in marked:
            node.tags.append(MARK)
        try:
            yield ["--select", f"tag:{MARK}"]
        finally:
            for node in marked:
                node.tags.remove(MARK)

    def _dbt(self, phase: str, *arguments: str) -> None:
        self.complete = False
        with self._timed(phase):
            outcome = self.project.invoke(*arguments)
        results = getattr(outcome.result, "results", None)
        collect(self.findings, self.project.manifest, results or [])
        if outcome.exception is not None:
            raise StopBuild(f"dbt {phase}: {shortened(str(outcome.exception))}")
        self.complete = phase in ("build", "test")
        if self.findings.verdict != "passed":
            raise StopBuild

    def _skip(self, waiting: list[Step]) -> None:
        """What never had its turn is undone, as what dbt itself skips is: the next attempt begins with it."""
        for node in chain.from_iterable([*step.nodes, *step.tests] for step in waiting):
            self.project.note_skipped(node)


def check_readers(selection: Selection, inputs: dict[str, SilverInput], built: set[str]) -> None:
    """Stops a build whose silver has gone past a model or a snapshot: no later plan would list it again.

    A snapshot reads its source through an ephemeral model; what is incremental reads it through any.
    """
    for entity, given in inputs.items():
        source = f"source.lake.lake.{entity}"
        made = selection.descendants([source])
        kept = {node for node in made if selection.is_incremental(node)}
        left_out = [
            selection.name(node)
            for node in selection.lane
            if (source in selection.parents(node) or node in kept) and node not in built
        ]
        if given.fresh and left_out:
            raise StopBuild(
                f"the plan lists {given.fresh} new runs of {entity}, but its selectors leave out"
                f" {', '.join(left_out)}, which would never see them"
            )
