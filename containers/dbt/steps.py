"""The order of a build: its nodes and their tests in steps, each one call of dbt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from containers.dbt.selection import Selection

# The folders below models/ in the order in which they are built; another one comes with the last.
LAYERS = ("seeds", "snapshots", "staging", "intermediate", "marts", "metrics")
KINDS = {"seed": "seeds", "snapshot": "snapshots"}


@dataclass
class Step:
    """What one call of dbt builds and tests; `anew` says that its tables are made from nothing."""

    name: str
    nodes: list[str] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)
    anew: bool = False
    # Seeds and snapshots come before anybody asks how fresh the sources are.
    before_freshness: bool = False


Order = Sequence[Sequence[str]]


def steps_of(
    order: Order, selection: Selection, nodes: Iterable[str], anew: set[str], tests: Iterable[str] = ()
) -> list[Step]:
    """The steps that build `nodes` and run their tests, and `tests` too. `anew` are refreshed fully.

    By layer, unless there is an order of sources: then each node belongs to the first group of
    selectors that names it, and what none names comes last, by layer. A test belongs to the step after which
    all that it reads is there.
    """
    chosen = {*nodes}
    placed = _placed_by_source(order, selection, chosen)
    last = max((place for place, _ in placed.values()), default=0)
    layers = _layers(selection)
    by_place: dict[tuple, Step] = {}
    step_of: dict[str, tuple] = {}
    for node in selection.lane:
        if node not in chosen:
            continue
        place, name = placed.get(node, (last + 1 + layers[node], LAYERS[layers[node]]))
        # What is refreshed goes before what only follows it.
        key = (place, node not in anew)
        early = name in KINDS.values()
        step = by_place.setdefault(key, Step(name, anew=node in anew, before_freshness=early))
        step.nodes.append(node)
        step_of[node] = key
    _place_tests(selection, by_place, step_of, {*tests})
    return [by_place[key] for key in sorted(by_place)]


def _place_tests(selection: Selection, by_place: dict, step_of: dict, asked: set[str]) -> None:
    """A test runs when anything that it reads is built, or when it is asked for."""
    read = {parent for node in step_of for parent in selection.parents(node)}
    for test in selection.tests:
        parents = selection.parents(test)
        keys = [step_of[parent] for parent in parents if parent in step_of]
        is_of_source = any(parent in selection.manifest.sources and parent in read for parent in parents)
        if keys or is_of_source or test in asked:
            first = min(by_place, default=(0, False))
            key = max(keys, default=first)
            by_place.setdefault(key, Step("tests")).tests.append(test)


def _layers(selection: Selection) -> dict[str, int]:
    """The layer of each node by its folder, and never before a layer of what it is made from."""
    found: dict[str, int] = {}
    for node in selection.lane:
        about = selection.manifest.nodes[node]
        folder = KINDS.get(str(about.resource_type)) or about.fqn[1]
        own = LAYERS.index(folder) if folder in LAYERS else len(LAYERS) - 1
        found[node] = max([own, *(found.get(parent, 0) for parent in selection.parents(node))])
    return found


def _placed_by_source(order: Order, selection: Selection, chosen: set[str]) -> dict:
    placed: dict[str, tuple[int, str]] = {}
    for place, selectors in enumerate(groups_of(order)):
        for node in sorted(selection.nodes(selectors) & chosen):
            placed.setdefault(node, (place, " ".join(selectors)))
    return placed


def groups_of(order: Order) -> list[list[str]]:
    """The selectors of sources, each list in its own sequence, in groups that are built one after another.

    Lists go side by side. Where two lists contradict each other
    there is none, and the layers decide.
    """
    before: dict[str, set[str]] = {}
    for selectors in map(list, map(dict.fromkeys, order)):
        for place, selector in enumerate(selectors):
            before.setdefault(selector, set()).update(selectors[:place])
    sorter = TopologicalSorter(before)
    try:
        sorter.prepare()
    except CycleError:
        return []
    groups = []
    while sorter.is_active():
        ready = sorter.get_ready()
        groups.append(sorted(ready))
        sorter.done(*ready)
    return groups
