"""Reads a data contract (ODCS v3) and refuses whatever the cleanse could not keep."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

SCHEMA_FILE = Path("contracts/schema/odcs-3.1.0.schema.json")
RANGE_OPTIONS = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
TYPES_WITH_RANGE = {"integer", "double", "date", "timestamp"}
# From the open to the secret; jobs.cleanse.masks says what silver hides of the last two.
CLASSIFICATIONS = ("public", "internal", "confidential", "pii", "restricted")

# The zones that hold rows as they were sent, and what of their expiry S3's lifecycle can promise.
RETENTION_ZONES = ("bronze", "quarantine")
MIN_RETENTION_DAYS, MAX_RETENTION_DAYS = 30, 3650


class ContractError(Exception):
    """A contract that is not valid ODCS, or asks for something that the cleanse does not do."""


@dataclass(frozen=True)
class Column:
    """One contract column: its type, and what each value must be."""

    name: str
    type: str
    required: bool
    classification: str | None
    ranges: dict
    allowed: tuple

    @property
    def family(self) -> str:
        """The type without its arguments: decimal(18,6) is a decimal."""
        return self.type.split("(")[0]


@dataclass(frozen=True)
class Contract:
    """A whole contract, reduced to what the pipeline reads."""

    entity: str
    version: str
    columns: tuple
    key: tuple
    engine: str
    max_rejected_percent: float
    retention_days: dict


def load_contract(path: Path, root: Path) -> Contract:
    """Reads one contract file; raises ContractError with all findings of the standard's own schema."""
    import jsonschema
    import yaml

    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    schema = json.loads((root / SCHEMA_FILE).read_text(encoding="utf-8"))
    findings = [
        f"{path.name}: {'/'.join(str(part) for part in finding.path)}: {finding.message}"
        for finding in jsonschema.Draft201909Validator(schema).iter_errors(document)
    ]
    if findings:
        raise ContractError("\n".join(findings))
    contract = parse_contract(document)
    if contract.entity != path.stem:
        raise ContractError(f"{path.name}: the file must be named after its entity, {contract.entity}")
    return contract


def parse_contract(document: dict) -> Contract:
    """Turns a valid ODCS document into a Contract; raises ContractError for what cannot be enforced."""
    objects = document.get("schema") or []
    if len(objects) != 1:
        raise ContractError(f"{document['id']}: one contract describes exactly one table")
    table = objects[0]
    columns = tuple(_column(table["name"], item) for item in table["properties"])
    keyed = [item for item in table["properties"] if item.get("primaryKey")]
    key = tuple(item["name"] for item in sorted(keyed, key=lambda item: item.get("primaryKeyPosition", 0)))
    _check_key(table["name"], columns, key)
    engine = _custom(document, "engine", "auto")
    if engine not in ("auto", "duckdb", "spark"):
        raise ContractError(f"{table['name']}: engine must be auto, duckdb or spark, not {engine}")
    kept = _retention(table["name"], document.get("slaProperties", []), columns)
    return Contract(table["name"], document["version"], columns, key, engine, _gate(table), kept)


def _retention(entity: str, agreed: list, columns: tuple) -> dict[str, int]:
    """Days by zone; where a zone holds what silver hides, nobody may forget to say how long."""
    days = {}
    for item in agreed:
        zone, value = item.get("element"), item.get("value")
        if item["property"] != "retention":
            raise ContractError(f"{entity}: of slaProperties only retention is enforced")
        if zone not in RETENTION_ZONES or zone in days or item.get("unit") != "d":
            raise ContractError(f"{entity}: retention is said once, in d, of {' and '.join(RETENTION_ZONES)}")
        if type(value) is not int or not MIN_RETENTION_DAYS <= value <= MAX_RETENTION_DAYS:
            limits = f"{MIN_RETENTION_DAYS} to {MAX_RETENTION_DAYS}"
            raise ContractError(f"{entity}: retention in {zone} is {limits} days")
        days[zone] = value
    missing = [zone for zone in RETENTION_ZONES if zone not in days]
    if missing and any(column.classification in ("pii", "restricted") for column in columns):
        raise ContractError(f"{entity}: it has classified columns, so say the retention in {missing[0]}")
    return days


def _check_key(entity: str, columns: tuple, key: tuple) -> None:
    if not key:
        raise ContractError(f"{entity}: a primary key is needed, or no duplicate could be told")
    for column in columns:
        if column.name in key and (column.family in ("double", "json") or not column.required):
            raise ContractError(f"{entity}.{column.name}: a key is required, and never a double or json")
    names = [column.name.lower() for column in columns]
    if len(set(names)) != len(names):
        raise ContractError(f"{entity}: two columns differ only by case")


def _column(entity: str, item: dict) -> Column:
    where = f"{entity}.{item['name']}"
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", item["name"]):
        raise ContractError(f"{where}: column names are lower case letters, digits and underscores")
    column_type = _type(where, item)
    options = {key: value for key, value in item.get("logicalTypeOptions", {}).items() if key != "timezone"}
    unknown = set(options) - RANGE_OPTIONS
    if unknown or (options and column_type.split("(")[0] not in TYPES_WITH_RANGE | {"decimal"}):
        raise ContractError(f"{where}: the cleanse does not enforce {sorted(unknown or options)}")
    return Column(
        name=item["name"],
        type=column_type,
        required=bool(item.get("required", False)),
        classification=_classification(where, item, column_type),
        ranges=options,
        allowed=_allowed(where, column_type, item.get("quality", [])),
    )


def _classification(where: str, item: dict, column_type: str) -> str | None:
    given = item.get("classification")
    if given is not None and given not in CLASSIFICATIONS:
        raise ContractError(f"{where}: classification is one of {', '.join(CLASSIFICATIONS)}, not {given}")
    if given in ("pii", "restricted") and (column_type != "string" or item.get("primaryKey")):
        raise ContractError(f"{where}: only a text that is no key can be masked, so nothing else is {given}")
    return given


def _type(where: str, item: dict) -> str:
    logical = item.get("logicalType", "string")
    if logical == "number":
        physical = item.get("physicalType", "").replace(" ", "").lower()
        if physical != "double" and not re.fullmatch(r"decimal\((\d+),(\d+)\)", physical):
            raise ContractError(f"{where}: a number needs the physicalType double or decimal(p,s)")
        return physical
    if logical in ("object", "array"):
        return "json"
    if logical in ("string", "integer", "boolean", "date", "timestamp"):
        return logical
    raise ContractError(f"{where}: the type {logical} is not supported")


def _allowed(where: str, column_type: str, checks: list) -> tuple:
    values: list = []
    for check in checks:
        arguments = check.get("arguments", {})
        if (
            check.get("metric") != "invalidValues"
            or set(arguments) != {"validValues"}
            or check.get("mustBe") != 0
        ):
            raise ContractError(f"{where}: only invalidValues with validValues and mustBe 0 is enforced")
        if column_type != "string":
            raise ContractError(f"{where}: validValues are for strings")
        values.extend(arguments["validValues"])
    return tuple(values)


def _gate(table: dict) -> float:
    for check in table.get("quality", []):
        if check.get("engine") == "sluice" and "maxRejectedPercent" in check.get("implementation", {}):
            percent = float(check["implementation"]["maxRejectedPercent"])
            if not 0 <= percent <= 100:
                raise ContractError(f"{table['name']}: maxRejectedPercent is between 0 and 100")
            return percent
    raise ContractError(f"{table['name']}: quality needs an engine sluice check with maxRejectedPercent")


def _custom(document: dict, name: str, default: str) -> str:
    for item in document.get("customProperties", []):
        if item["property"] == name:
            return item["value"]
    return default
