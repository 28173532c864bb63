"""Rows that were rejected before and are judged again: a quarantine object becomes the files they came from.

Each line of quarantine names its row's file, line and landing. Rows of one file become one input with the
landing of that file, so that in the order of the batch they stand where they stood, and what passes now
goes to silver as if it had passed then. A row that was refused while its file was read never was a row to
judge; it is rejected again with the same reason.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from jobs.cleanse.kept_rows import KeptRow, Origin, refused
from jobs.cleanse.limits import MAX_KEPT_BYTES, MAX_ORIGINS
from jobs.cleanse.lines import numbered_lines
from jobs.cleanse.plan import Input, Plan, PlanError
from jobs.cleanse.report import CountsDisagree, InputCount
from jobs.cleanse.store import ObjectMissing


@dataclass
class Replay:
    """A plan of files only, and how many rows each quarantine object of the given plan holds."""

    plan: Plan
    objects: list

    def check(self, counts: list[InputCount]) -> None:
        """Raises CountsDisagree unless every kept row was judged or rejected again."""
        kept = sum(item["rows"] for item in self.objects)
        pairs = zip(self.plan.inputs, counts, strict=True)
        judged = sum(count.rows for item, count in pairs if item.kept)
        if kept != judged:
            raise CountsDisagree(f"{kept} rejected rows were kept, {judged} were judged again")


def expand(plan: Plan, store, work: Path) -> Replay:
    """Fetches the plan's quarantine objects and puts an input for each file of origin in their place."""
    folder = work / "replay"
    folder.mkdir()
    origins: dict = {}
    objects = []
    for item in plan.inputs:
        if item.rejected:
            rows = _collect(item, store, folder, origins)
            objects.append({"key": item.key, "rows": rows})
    inputs = [item for item in plan.inputs if not item.rejected]
    inputs += [item for origin in origins.values() for item in origin.inputs()]
    return Replay(replace(plan, inputs=tuple(sorted(inputs, key=lambda item: item.order))), objects)


def _collect(item: Input, store, folder: Path, origins: dict) -> int:
    """Adds the rows of one object to the files that they come from; returns how many there are."""
    path, number, current = folder / "rejected", 0, None
    try:
        store.fetch(item, path)
    except ObjectMissing:
        gone = refused(None, "file_missing", "the rejected rows were not there any more", "")
        origin = origins[item.key] = Origin(item, folder / str(len(origins)))
        origin.reject(gone)
        return 1
    with path.open("rb") as file:
        for number, text, _ in numbered_lines(file, MAX_KEPT_BYTES):
            row = KeptRow(item, number, text)
            if row.source not in origins:
                if len(origins) >= MAX_ORIGINS:
                    raise PlanError(f"the rejected rows come from more than {MAX_ORIGINS} files")
                origins[row.source] = Origin(row.item, folder / str(len(origins)))
            if current is not None and current is not origins[row.source]:
                current.close()
            current = origins[row.source]
            row.go(current)
    if current is not None:
        current.close()
    path.unlink()
    return number
