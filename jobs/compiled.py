"""A compiled contract at run time: plain JSON, no YAML, no sqlglot."""

import json
from dataclasses import dataclass
from pathlib import Path

import jobs

COMPILED = Path(__file__).resolve().parent.parent / "contracts" / "compiled"


@dataclass(frozen=True)
class CompiledContract:
    """What an engine needs to know of an entity; `sql` holds the rules per dialect.

    `classified` names the columns that tell of a person or are secret, each with its classification.
    """

    entity: str
    version: str
    columns: tuple
    required: tuple
    types: dict
    key: tuple
    classified: dict
    rules: tuple
    sql: dict


def load_compiled(entity: str, folder: Path = COMPILED) -> CompiledContract:
    """Reads contracts/compiled/<entity>.json; raises FileNotFoundError for an unknown entity."""
    if not entity.replace("_", "").isalnum():
        raise FileNotFoundError(f"not an entity: {entity!r}")
    try:
        # The package's own loader reads beside itself also where Glue leaves the modules packed in a zip.
        document = json.loads(jobs.__loader__.get_data(str(folder / f"{entity}.json")))
    except OSError as error:
        raise FileNotFoundError(f"no compiled contract of {entity} in {folder}") from error
    return CompiledContract(
        entity=document["entity"],
        version=document["version"],
        columns=tuple(column["name"] for column in document["columns"]),
        required=tuple(column["name"] for column in document["columns"] if column["required"]),
        types={column["name"]: column["type"] for column in document["columns"]},
        key=tuple(document["key"]),
        classified={
            column["name"]: column["classification"]
            for column in document["columns"]
            if column["classification"] in ("pii", "restricted")
        },
        rules=tuple(document["rules"]),
        sql=document["sql"],
    )
