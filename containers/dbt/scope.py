"""What one build has to do: which nodes, why those, which of them anew, and in which steps."""

from __future__ import annotations

from dataclasses import dataclass, field

from containers.dbt.inputs import Built, Choice, Inputs, awaits_silver, choose
from containers.dbt.plan import BuildPlan
from containers.dbt.retry import Retry
from containers.dbt.selection import Selection
from containers.dbt.steps import Step, steps_of

# What a build of these modes makes is no state that a later build starts from.
WITHOUT_STATE = ("fast", "ci", "test")


@dataclass
class Scope:
    """`anew` are the nodes whose tables are made from nothing; of the others dbt adds what is new.

    `behind` are the lane's nodes that read something new also after this build, None where that is not asked.
    """

    choice: Choice = field(default_factory=Choice)
    anew: set[str] = field(default_factory=set)
    steps: list[Step] = field(default_factory=list)
    behind: list[str] | None = None


def why_whole_lane(plan: BuildPlan, before: str | None, fingerprint: str) -> str | None:
    """Why all of the lane is built anew, whatever was asked; `ci` is there for a changed project."""
    if plan.mode in ("ci", "test"):
        return None
    if before is None:
        return "first build"
    return None if before == fingerprint else "the project has changed since the last build"


def reads_everything(plan: BuildPlan, whole_lane: str | None) -> bool:
    """Whether tables are made from nothing, so that all silver is read and not only what is new."""
    return whole_lane is not None or plan.mode in ("full_refresh", "ci")


def scope_of(
    plan: BuildPlan,
    selection: Selection,
    known: dict[str, Built],
    sources: Inputs,
    whole_lane: str | None,
    retry: Retry | None = None,
) -> Scope:
    """What the plan's mode and selectors ask for, without what has nothing new to read.

    Of a retry what an earlier attempt has left to do.
    """
    scope = _asked(plan, selection, known, sources, whole_lane)
    if retry:
        scope = _retried(scope, selection, retry)
    if plan.mode not in WITHOUT_STATE or (plan.mode == "fast" and not scope.choice.builds):
        scope.behind = _behind(selection, known, sources, scope.choice, plan.edition)
    return scope


def _behind(
    selection: Selection, known: dict[str, Built], sources: Inputs, choice: Choice, edition: str
) -> list[str]:
    """What a build of the whole lane would find to do when this one has ended well: then nothing is old."""
    after = {**known, **{node: Built(edition, inputs) for node, inputs in choice.inputs.items()}}
    return [*choose(selection, {*selection.lane}, after, sources, f"after {edition}", {}).builds]


def _asked(
    plan: BuildPlan, selection: Selection, known: dict[str, Built], sources: Inputs, whole_lane: str | None
) -> Scope:
    selected = {*selection.lane} if whole_lane else selection.nodes(plan.selectors)
    anew, regardless = {*()}, dict.fromkeys(selected, "it was forced") if plan.force else {}
    if whole_lane:
        anew, regardless = selected, dict.fromkeys(selected, whole_lane)
    elif plan.mode == "ci":
        anew = selected
        regardless = dict.fromkeys(selected, "it differs from the promoted manifest, or reads what does")
    elif plan.mode == "full_refresh":
        followers = selection.followers(plan.selectors)
        anew = _refreshed(selection, selected, followers, known, sources)
        regardless |= dict.fromkeys(anew, "full refresh")
        selected |= followers
    elif plan.mode == "test":
        return _tests_of(
            selection, {node for node, built in known.items() if built.edition == plan.tested_edition}
        )
    choice = choose(selection, selected, known, sources, plan.edition, regardless)
    # By layer where all is built: the order of a source is one for its own models.
    order = () if whole_lane else plan.order
    # A test that differs is run also where what it reads is as it was promoted.
    tests = selection.tests_named(plan.selectors) if plan.mode == "ci" else ()
    steps = steps_of(order, selection, choice.builds, anew, tests)
    if plan.mode == "fast":
        steps = [Step(step.name, step.nodes, [], step.anew) for step in steps if step.nodes]
    return Scope(choice, anew, steps)


def _refreshed(
    selection: Selection, selected: set[str], followers: set[str], known: dict[str, Built], sources: Inputs
) -> set[str]:
    """What is made from nothing, when these nodes are to be.

    A table that is made anew has forgotten which rows are replaced by silver that nobody has read yet: what
    is only added to would keep what it made of them.
    """
    unread = {node for node in selected if awaits_silver(selection, node, known.get(node), sources)}
    increments = {node for node in selection.descendants(unread) if selection.is_incremental(node)}
    anew = selected | increments
    # What lies between two refreshed models cannot be only added to.
    return anew | (followers & selection.ancestors(anew))


def _tests_of(selection: Selection, nodes: set[str]) -> Scope:
    """The tests that go with nodes which were built without them."""
    tests = [test for test in selection.tests if nodes & {*selection.parents(test)}]
    return Scope(steps=[Step("tests", tests=tests)] if tests else [])


def _retried(scope: Scope, selection: Selection, retry: Retry) -> Scope:
    """What is kept was built from the same silver, but others may have loaded more rows into RAW since."""
    kept = {node: retry.inputs[node] for node in retry.kept_models if node in retry.inputs}
    scope.choice.inputs |= kept
    steps = steps_of((), selection, retry.models, scope.anew & retry.models, retry.tests)
    return Scope(scope.choice, scope.anew, steps)
