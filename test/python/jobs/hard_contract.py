"""A contract with a column of every type, so that each rule of each type can be asked."""

import json
from pathlib import Path

from jobs.compile_contracts import compile_contract
from jobs.compiled import CompiledContract, load_compiled

ROOT = Path(__file__).resolve().parents[3]
COLUMNS = {
    "id": {"logicalType": "string", "required": True, "primaryKey": True},
    "whole": {"logicalType": "integer"},
    "amount": {"logicalType": "number", "physicalType": "decimal(18,6)"},
    "ratio": {"logicalType": "number", "physicalType": "double"},
    "flag": {"logicalType": "boolean"},
    "day": {"logicalType": "date"},
    "moment": {"logicalType": "timestamp"},
    "name": {"logicalType": "string"},
}
COLUMN_OF_TYPE = {
    **{"integer": "whole", "decimal": "amount", "double": "ratio", "boolean": "flag"},
    **{"date": "day", "timestamp": "moment", "string": "name"},
}
GATE = {"type": "custom", "engine": "sluice", "implementation": {"maxRejectedPercent": 5}}


def compile_hard(folder: Path, required: tuple = (), entity: str = "hard") -> CompiledContract:
    """Compiles the contract below `folder`; `required` names further columns that must not be missing."""
    properties = [
        {"name": name} | options | ({"required": True} if name in required else {})
        for name, options in COLUMNS.items()
    ]
    table = {"name": entity, "properties": properties, "quality": [GATE]}
    document = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": entity, "version": "1.0.0"}
    document |= {"status": "active", "schema": [table]}
    path = folder / f"{entity}.yaml"
    # JSON is YAML.
    path.write_text(json.dumps(document), "utf-8")
    (folder / f"{entity}.json").write_text(compile_contract(path, ROOT), "utf-8")
    return load_compiled(entity, folder)
