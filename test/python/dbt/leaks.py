"""What of the texts that a generator planted stands in the files of a lake, whatever a column is called."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from lake import Lake, Task

PERSONAL = {"email", "display_name", "phone", "invite_code", "account_manager_email"}
CONTACT = {"name", "email", "phone"}


def planted(folder: Path) -> set[str]:
    """The texts that tell of a person, in all NDJSON files below a folder, as a reader would know them."""
    texts = {text for path in folder.rglob("*.ndjson") for text in _in_file(path)}
    assert len(texts) > 2, "nothing was planted, so nothing could leak"
    return texts


def _in_file(path: Path) -> Iterator[str]:
    names = PERSONAL | ({"name"} if path.stem.startswith("households-") else set())
    for line in path.read_text().splitlines():
        row = json.loads(line)
        contact = (row.get("payload") or {}).get("contact") or {}
        found = [row.get(name) for name in names] + [contact.get(name) for name in CONTACT]
        yield from (text.strip().lower() for text in found if text)


def leaks(lake: Lake, task: Task, texts: Iterable[str]) -> set[tuple[str, str]]:
    """Dataset and text of every planted text that a cell of the task's gold files holds, or is a part of."""
    found = set()
    for dataset in (described["dataset"] for described in task.report["datasets"]):
        cells = {str(value) for row in lake.gold(task, dataset) for value in row.values()}
        whole = "\n".join(sorted(cells)).lower()
        found |= {(dataset, text) for text in texts if text in whole}
    return found
