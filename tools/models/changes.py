"""What a change of the dbt project builds, and why.

    python -m tools.models.changes --state <folder> --out <folder>

It only compares; tools.models.trial also builds.
`--state` is a folder with the promoted `manifest.json`; the project's own is compared with it in dbt's words
(`state:modified+`). `--out` gets `changes.json`, `comment.md` for the pull request and the own manifest.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from io import StringIO
from pathlib import Path

from dbt.cli.main import dbtRunner

from containers.dbt.project import PROJECT, keep_parse_state, load_manifest

MANIFEST = "manifest.json"
# What can differ of a node, in the words of dbt's selectors and in ours.
NEW = "it is new"
DIFFERENCES = {
    "state:new": NEW,
    "state:modified.body": "its code changed",
    "state:modified.configs": "its configuration changed",
    "state:modified.contract": "its contract changed",
    "state:modified.macros": "a macro that it calls changed",
    "state:modified.relation": "its place in the database changed",
    "state:modified.persisted_descriptions": "its descriptions changed",
}
BUILT = ("model", "seed", "snapshot")
CHECKS = ("test", "unit_test")
Select = Callable[[str], set[str]]


class Refused(Exception):
    """Why dbt refuses the change, in its own words: an enforced contract that breaks, for one."""


@dataclass(frozen=True)
class Selected:
    """A node that a change builds or runs: its name, its kind, its domain if it has one, and why."""

    node: str
    name: str
    kind: str
    domain: str | None
    why: tuple[str, ...]


@dataclass(frozen=True)
class Changes:
    """All that a change selects, what it takes away, and whom it reaches: exposures by their label."""

    selected: tuple[Selected, ...]
    removed: tuple[str, ...]
    exposures: tuple[str, ...]


def changes(manifest: dict, promoted: dict, select: Select) -> Changes:
    """Compares two manifests; `select` gives the ids of what a selector of dbt names."""
    differing: dict[str, list[str]] = {}
    for selector, why in DIFFERENCES.items():
        for node in select(selector):
            differing.setdefault(node, []).append(why)
    reached = select("state:modified+") | differing.keys()
    known = {**manifest["nodes"], **manifest["unit_tests"]}
    selected = [
        _selected(known[node], _why(node, known, differing)) for node in sorted(reached & known.keys())
    ]
    labels = (manifest["exposures"][node] for node in sorted(reached & manifest["exposures"].keys()))
    was, now = ({**one["nodes"], **one["unit_tests"]}.keys() for one in (promoted, manifest))
    return Changes(
        tuple(selected), tuple(sorted(was - now)), tuple(one.get("label") or one["name"] for one in labels)
    )


def _selected(node: dict, why: list[str]) -> Selected:
    return Selected(node["unique_id"], node["name"], node["resource_type"], node.get("group"), tuple(why))


def _why(node: str, known: dict, differing: dict[str, list[str]]) -> list[str]:
    """Its own differences; without any, what it is made from that differs. What is new differs in all."""
    if node in differing:
        return [NEW] if NEW in differing[node] else differing[node]
    causes = sorted(_ancestors(node, known) & differing.keys())
    return ["it reads " + ", ".join(_name(cause, known) for cause in causes)]


def _ancestors(node: str, known: dict) -> set[str]:
    found: set[str] = set()
    waiting = [node]
    while waiting:
        parents = known.get(waiting.pop(), {}).get("depends_on", {}).get("nodes", [])
        waiting += [parent for parent in parents if parent not in found]
        found.update(parents)
    return found


def _name(node: str, known: dict) -> str:
    return known[node]["name"] if node in known else node.split(".", 2)[-1]


def comment(found: Changes, told: frozenset[str] = frozenset()) -> str:
    """The changes in Markdown, for whoever reviews them, without the nodes of which is `told` elsewhere."""
    if not found.selected and not found.removed:
        return "### Models\n\nNothing differs from the promoted manifest: no model is built.\n"
    built = [one for one in found.selected if one.kind in BUILT]
    checks = [one for one in found.selected if one.kind in CHECKS]
    domains = sorted({one.domain for one in built if one.domain})
    lines = [
        "### Models",
        "",
        f"{_count(len(built), 'node')} to build, {_count(len(checks), 'test')} to run.",
    ]
    if domains:
        lines += [f"Domains: {', '.join(domains)}."]
    if found.exposures:
        lines += [f"Reaches: {', '.join(found.exposures)}."]
    untold = [one for one in built if one.name not in told]
    if untold:
        lines += ["", "| node | kind | why |", "|---|---|---|"]
        lines += [f"| `{one.name}` | {one.kind} | {'; '.join(one.why)} |" for one in untold]
    own = [one for one in checks if not one.why[0].startswith("it reads ")]
    if own:
        lines += ["", "| test | why |", "|---|---|"]
        lines += [f"| `{one.name}` | {'; '.join(one.why)} |" for one in own]
    if found.removed:
        lines += ["", "Removed: " + ", ".join(f"`{node}`" for node in found.removed) + "."]
    return "\n".join(lines) + "\n"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def dbt_select(state: Path, out: Path) -> Select:
    """Asks dbt itself which nodes a selector names, with `state` as the manifest that is compared with."""
    manifest, _ = load_manifest("duckdb", out)
    runner = dbtRunner(manifest=manifest)
    options = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(out)]
    options += ["--log-path", str(out), "--state", str(state), "--output", "json", "--quiet"]

    def select(selector: str) -> set[str]:
        with redirect_stdout(StringIO()):
            done = runner.invoke(["ls", "--select", selector, "--output-keys", "unique_id", *options])
        if not done.success:
            raise Refused(str(done.exception).strip())
        return {json.loads(line)["unique_id"] for line in done.result}

    return select


def compare(state: Path, out: Path) -> Changes:
    """What the project differs in from the manifest in `state`; keeps its own in `out`. Raises Refused."""
    own = Path(keep_parse_state("duckdb"), MANIFEST)
    shutil.copy(own, out / MANIFEST)
    promoted = json.loads((state / MANIFEST).read_text())
    found = changes(json.loads(own.read_text()), promoted, dbt_select(state, out))
    (out / "changes.json").write_text(json.dumps(asdict(found), indent=2) + "\n")
    return found


def refused(refusal: Refused) -> str:
    """The refusal in Markdown."""
    return f"### Models\n\nRefused:\n\n```\n{refusal}\n```\n"


def main(arguments: list[str]) -> int:
    """Writes what a change builds; 0 when it did, 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    if not (options.state / MANIFEST).is_file():
        print(f"{options.state} holds no {MANIFEST}: fetch the promoted one first", file=sys.stderr)
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        said = comment(compare(options.state, options.out))
    except Refused as refusal:
        (options.out / "comment.md").write_text(refused(refusal))
        print(refusal, file=sys.stderr)
        return 1
    (options.out / "comment.md").write_text(said)
    print(said, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
