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
    """A plan of files only. `owners` names for each of its inputs the place in the plan that was given."""

    plan: Plan
    given: Plan
    owners: list
    rows: dict

    def fold(self, counts: list) -> list:
        """Counts by input as the given plan lists them. Raises CountsDisagree when a kept row got lost."""
        folded = [InputCount(item.key, item.version_id) for item in self.given.inputs]
        for place, count in zip(self.owners, counts, strict=True):
            total = folded[place]
            for name in ("rows", "out", "duplicates", "rejected"):
                setattr(total, name, getattr(total, name) + getattr(count, name))
            total.problem = total.problem or count.problem
        for place, rows in self.rows.items():
            if folded[place].rows != rows:
                key = self.given.inputs[place].key
                raise CountsDisagree(f"{key}: {rows} rows were kept, {folded[place].rows} were judged")
        return folded


def expand(plan: Plan, store, work: Path) -> Replay:
    """Fetches the plan's quarantine objects and puts an input for each file of origin in their place."""
    inputs, rows = [], {}
    for place, item in enumerate(plan.inputs):
        if not item.rejected:
            inputs.append((place, item))
            continue
        folder = work / f"replay-{place}"
        folder.mkdir()
        origins, rows[place] = _origins(item, store, folder)
        inputs += [(place, origin) for origin in origins]
        if len(inputs) > MAX_ORIGINS:
            raise PlanError(f"the rejected rows come from more than {MAX_ORIGINS} files")
    inputs.sort(key=lambda one: (one[1].order, one[0]))
    owners, expanded = [place for place, _ in inputs], tuple(item for _, item in inputs)
    return Replay(replace(plan, inputs=expanded), plan, owners, rows)


def _origins(item: Input, store, folder: Path) -> tuple[list[Input], int]:
    """The inputs that one quarantine object holds, and its lines."""
    origins: dict = {}
    path, number, current = folder / "rejected", 0, None
    try:
        store.fetch(item, path)
    except ObjectMissing:
        origin = Origin(item, folder / "0")
        origin.reject(refused(None, "file_missing", "the rejected rows were not there any more", ""))
        return [origin.input()], 1
    with path.open("rb") as file:
        for number, text, _ in numbered_lines(file, MAX_KEPT_BYTES):
            row = KeptRow(item, number, text)
            origin = _origin_of(row, origins, folder)
            if origin is not current and current is not None:
                current.close()
            current = origin
            row.go(origin)
    path.unlink()
    return [origin.input() for origin in origins.values()], number


def _origin_of(row: KeptRow, origins: dict, folder: Path) -> Origin:
    """Lines of an origin only grow, as the engines need it; a line that comes again makes another origin."""
    turn = 0
    while True:
        key = (*row.source, turn)
        if key not in origins:
            origins[key] = Origin(row.item, folder / str(len(origins)))
        if row.text is None or row.line > origins[key].last:
            return origins[key]
        turn += 1
