"""What selectors name in one lane, and what each of its nodes is made from: by dbt's own graph."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path

import networkx
from dbt.compilation import Linker
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.state import PreviousState
from dbt.flags import set_from_args
from dbt.graph import Graph
from dbt.graph.cli import parse_difference
from dbt.graph.selector import NodeSelector

from containers.dbt.project import PROJECT

BUILT = ("model", "seed", "snapshot")


class Selection:
    """The nodes of a lane. `state` is a folder with the manifest that `state:` selectors compare with.

    An ephemeral model is no table: whoever reads it reads what it is made from, so it is looked through.
    """

    def __init__(self, manifest: Manifest, domains: Iterable[str], state: Path | None = None) -> None:
        self.manifest = manifest
        # dbt's own parser of selectors reads these, which otherwise only a command sets.
        set_from_args(Namespace(project_dir=str(PROJECT), profiles_dir=str(PROJECT)), None)
        linker = Linker()
        linker.link_graph(manifest)
        self._graph = Graph(linker.graph)
        previous = PreviousState(state, state / "target", state) if state else None
        self._selector = NodeSelector(self._graph, manifest, previous_state=previous)
        chosen = self._selected([f"+group:{domain}" for domain in domains])
        # A parent always comes before what is made from it.
        self.lane = [node for node in networkx.topological_sort(self._graph.graph) if node in chosen]
        self.tests = sorted(
            node.unique_id
            for node in manifest.nodes.values()
            if node.resource_type == "test" and chosen & {*node.depends_on_nodes}
        )

    def _named(self, selectors: Iterable[str]) -> set[str]:
        # What nothing is named by is told in the report, not in words on the output.
        spec = parse_difference(list(selectors), [])
        return self._selector.get_selected(spec, warn_on_no_nodes=False)

    def _selected(self, selectors: Iterable[str]) -> set[str]:
        chosen = self._named(selectors)
        return {node for node in chosen if node in self.manifest.nodes and self.is_built(node)}

    def is_built(self, node: str) -> bool:
        """Whether building a node leaves something in the database."""
        found = self.manifest.nodes[node]
        return found.resource_type in BUILT and found.config.materialized != "ephemeral"

    def is_incremental(self, node: str) -> bool:
        """Whether building a model keeps what its table has and takes in only what is new."""
        return self.manifest.nodes[node].config.materialized == "incremental"

    def nodes(self, selectors: Iterable[str]) -> set[str]:
        """The lane's models, seeds and snapshots that any of dbt's selectors names."""
        return self._selected(selectors) & {*self.lane}

    def tests_named(self, selectors: Iterable[str]) -> set[str]:
        """The lane's tests that any of dbt's selectors names, those of named nodes among them."""
        return self._named(selectors) & {*self.tests}

    def parents(self, node: str) -> list[str]:
        """What a node or a test reads: tables and sources, ephemeral models looked through."""
        found: dict[str, None] = {}
        waiting = list(self.manifest.nodes[node].depends_on_nodes)
        while waiting:
            parent = waiting.pop(0)
            if parent in self.manifest.sources or self.is_built(parent):
                found[parent] = None
            else:
                waiting += self.manifest.nodes[parent].depends_on_nodes
        return list(found)

    def followers(self, selectors: Iterable[str]) -> set[str]:
        """All of the lane that is made from what the selectors name, ephemeral models too; not those."""
        named = {node for node in self._named(selectors) if node in self.manifest.nodes}
        return self.descendants(named)

    def descendants(self, nodes: Iterable[str]) -> set[str]:
        """All of the lane that is made from any of the nodes, without those themselves."""
        return self._reach(nodes, networkx.descendants)

    def ancestors(self, nodes: Iterable[str]) -> set[str]:
        """All of the lane that any of the nodes is made from, without those themselves."""
        return self._reach(nodes, networkx.ancestors)

    def _reach(self, nodes: Iterable[str], step) -> set[str]:
        nodes = {*nodes}
        found = set().union(*(step(self._graph.graph, node) for node in nodes))
        return (found & {*self.lane}) - nodes

    def name(self, node: str) -> str:
        """What people call a node."""
        return self.manifest.nodes[node].name
