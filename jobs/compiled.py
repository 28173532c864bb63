"""A compiled contract at run time: plain JSON, no YAML, no sqlglot."""

import json
from dataclasses import dataclass
from pathlib import Path

COMPILED = Path(__file__).resolve().parent.parent / "contracts" / "compiled"


@dataclass(frozen=True)
class CompiledContract:
    """What an engine needs to know of an entity; `sql` holds the rules per dialect."""

    entity: str
    version: str
    columns: tuple
    required: tuple
    types: dict
    key: tuple
    sql: dict


def load_compiled(entity: str, folder: Path = COMPILED) -> CompiledContract:
    """Reads contracts/compiled/<entity>.json; raises FileNotFoundError for an unknown entity."""
    if not entity.replace("_", "").isalnum():
        raise FileNotFoundError(f"not an entity: {entity!r}")
    document = json.loads((folder / f"{entity}.json").read_text("utf-8"))
    return CompiledContract(
        entity=document["entity"],
        version=document["version"],
        columns=tuple(column["name"] for column in document["columns"]),
        required=tuple(column["name"] for column in document["columns"] if column["required"]),
        types={column["name"]: column["type"] for column in document["columns"]},
        key=tuple(document["key"]),
        sql=document["sql"],
    )
