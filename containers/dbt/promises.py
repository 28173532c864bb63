"""What the project promises its readers, for graph.json: how fresh, how soon, and what is kept at hand.

Sources promise freshness in dbt's own words. An exposure promises an objective by `meta.freshness_minutes`
(its class is `meta.objective`), and what is precomputed for it by `meta.cache`. A group says by
`meta.lag_minutes` how long what has arrived may wait for its build.
"""

from __future__ import annotations

from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import Exposure, ModelNode, SourceDefinition

DEFAULT_LAG_MINUTES = 60
OBJECTIVES = ("executive", "campaigns", "real_time_alerts", "history")
CACHED_ROWS_MAX = 999
SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400}


def promises(manifest: Manifest, models: list[ModelNode]) -> dict:
    """The promises of one lane, whose datasets are given. Raises ValueError for one that cannot be kept."""
    by_id = {model.unique_id: model for model in models}
    domains = sorted({model.group for model in models})
    exposures = [
        exposure
        for exposure in sorted(manifest.exposures.values(), key=lambda one: one.name)
        if any(node in by_id for node in exposure.depends_on.nodes)
    ]
    return {
        "freshness": [_freshness(source) for source in _sources(manifest, list(by_id))],
        "lag_seconds": 60 * min(_lag_minutes(manifest, domain) for domain in domains),
        "objectives": [
            _objective(exposure, by_id) for exposure in exposures if "freshness_minutes" in _meta(exposure)
        ],
        "dashboards": [_dashboard(exposure, models) for exposure in exposures if "cache" in _meta(exposure)],
    }


def upstream_of(manifest: Manifest, nodes: list[str]) -> set[str]:
    """The ids of these nodes and of all models, seeds, snapshots and sources that they are made from."""
    found, waiting = set(), list(nodes)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += manifest.nodes[node].depends_on_nodes if node in manifest.nodes else []
    return found


def _sources(manifest: Manifest, nodes: list[str]) -> list[SourceDefinition]:
    found = [manifest.sources[node] for node in upstream_of(manifest, nodes) if node in manifest.sources]
    promised = [source for source in found if _is_promised(source)]
    return sorted(promised, key=lambda source: (source.source_name, source.name))


def _is_promised(source: SourceDefinition) -> bool:
    return bool(source.freshness and (source.freshness.warn_after or source.freshness.error_after))


def _freshness(source: SourceDefinition) -> dict:
    urgent = bool(source.config.meta.get("page_when_stale"))
    return {
        "source": source.source_name,
        "table": source.name,
        "warn_seconds": _seconds(source.freshness.warn_after),
        "error_seconds": _seconds(source.freshness.error_after),
        "page": urgent,
    }


def _seconds(time) -> int | None:
    return time.count * SECONDS[str(time.period)] if time and time.count else None


def _lag_minutes(manifest: Manifest, domain: str) -> int:
    group = next(group for group in manifest.groups.values() if group.name == domain)
    return int(group.config.meta.get("lag_minutes", DEFAULT_LAG_MINUTES))


def _meta(exposure: Exposure) -> dict:
    return exposure.config.meta


def _objective(exposure: Exposure, by_id: dict[str, ModelNode]) -> dict:
    kind = _meta(exposure).get("objective")
    if kind not in OBJECTIVES:
        raise ValueError(f"exposure {exposure.name}: objective must be one of {', '.join(OBJECTIVES)}")
    return {
        "name": exposure.name,
        "class": kind,
        "domains": sorted({by_id[node].group for node in exposure.depends_on.nodes if node in by_id}),
        "seconds": int(_meta(exposure)["freshness_minutes"]) * 60,
    }


def _dashboard(exposure: Exposure, models: list[ModelNode]) -> dict:
    reads = [_read(exposure, given, models) for given in _meta(exposure)["cache"]]
    domains = {domain for domain, _ in reads}
    if len(domains) != 1:
        # Editions are published by domain: of two domains one answer could mix an old one and a new one.
        raise ValueError(f"exposure {exposure.name}: cache must name datasets of one domain")
    return {
        "dashboard": exposure.name,
        "label": exposure.label or exposure.name,
        "domain": domains.pop(),
        "reads": [read for _, read in reads],
    }


def _read(exposure: Exposure, given: dict, models: list[ModelNode]) -> tuple[str, dict]:
    """One query that is precomputed: rows of a dataset, in an order that cuts them the same way each time.

    Its newest version is read, as the API does, also while the exposure's `ref` still means an earlier one.
    """
    named = [model for model in models if model.name == given.get("dataset")]
    model = max(named, key=lambda model: int(model.version), default=None)
    if model is None or not {one.unique_id for one in named} & {*exposure.depends_on.nodes}:
        raise ValueError(f"exposure {exposure.name}: cache names {given.get('dataset')}, no dataset of it")
    order = str(given.get("order", ""))
    unknown = [term for term in order.split(",") if term.removeprefix("-") not in model.columns]
    if unknown or set(given) - {"dataset", "order", "limit"}:
        raise ValueError(f"exposure {exposure.name}: cache of {model.name} has a wrong order or key")
    limit = int(given.get("limit", CACHED_ROWS_MAX))
    if not 1 <= limit <= CACHED_ROWS_MAX:
        raise ValueError(f"exposure {exposure.name}: limit is 1 to {CACHED_ROWS_MAX}")
    return model.group, {"dataset": model.name, "order": order, "limit": limit}
