"""Contracts are valid by the standard's own schema, and their compiled form is fresh and readable by all."""

import copy
import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from jobs import compile_contracts
from jobs.contract import ContractError, parse_contract

ROOT = Path(__file__).resolve().parents[3]
CONTRACTS = sorted((ROOT / "contracts").glob("*.yaml"))


def standard() -> dict:
    return json.loads((ROOT / "contracts/schema/odcs-3.1.0.schema.json").read_text("utf-8"))


def market_data() -> dict:
    return yaml.safe_load((ROOT / "contracts/market_data.yaml").read_text("utf-8"))


def column(document: dict, name: str) -> dict:
    return next(item for item in document["schema"][0]["properties"] if item["name"] == name)


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.stem)
def test_a_contract_is_valid_by_the_schema_of_the_standard(path):
    schema = standard()
    jsonschema.Draft201909Validator.check_schema(schema)
    findings = list(
        jsonschema.Draft201909Validator(schema).iter_errors(yaml.safe_load(path.read_text("utf-8")))
    )
    assert [finding.message for finding in findings] == []


def test_the_schema_of_the_standard_refuses_a_misspelt_key():
    document = market_data()
    document["schema"][0]["properties"][0]["requird"] = True
    assert list(jsonschema.Draft201909Validator(standard()).iter_errors(document))


def test_compiled_contracts_are_fresh():
    assert compile_contracts.stale_files() == [], "run: python -m jobs.compile_contracts"


def test_every_contract_says_its_gate_key_and_columns():
    compiled = json.loads((ROOT / "contracts/compiled/market_data.json").read_text("utf-8"))
    assert compiled["key"] == ["symbol", "price_date"]
    assert compiled["gate"] == {"max_rejected_percent": 5.0}
    assert [item["name"] for item in compiled["silver_columns"]] == [
        *["symbol", "price_date", "open", "high", "low", "close", "adjusted_close", "volume", "currency"],
        *["_source_file", "_source_line", "_run_id", "_ingested_at"],
    ]
    glue_types = {item["name"]: item["glue_type"] for item in compiled["columns"]}
    assert glue_types["close"] == "decimal(18,6)"
    assert glue_types["volume"] == "bigint"
    assert set(compiled["sql"]) == {"duckdb", "spark", "plain"}


REFUSALS = {
    "a key that is a double": lambda d: column(d, "adjusted_close").update(primaryKey=True),
    "no key": lambda d: [column(d, name).pop("primaryKey") for name in ("symbol", "price_date")],
    "a number without a physical type": lambda d: column(d, "close").pop("physicalType"),
    "a range option nobody enforces": lambda d: column(d, "close")["logicalTypeOptions"].update(multipleOf=2),
    "a pattern nobody enforces": lambda d: column(d, "symbol").update(logicalTypeOptions={"pattern": "A"}),
    "a check nobody enforces": lambda d: column(d, "symbol").update(
        quality=[{"metric": "nullValues", "mustBe": 0}]
    ),
    "no gate": lambda d: d["schema"][0].pop("quality"),
    "an unknown engine": lambda d: d["customProperties"][0].update(value="polars"),
    "a column name that SQL would need to quote": lambda d: column(d, "symbol").update(name="Symbol Name"),
}


@pytest.mark.parametrize("change", REFUSALS.values(), ids=REFUSALS.keys())
def test_a_contract_that_the_cleanse_could_not_keep_is_refused(change):
    document = copy.deepcopy(market_data())
    change(document)
    with pytest.raises(ContractError):
        parse_contract(document)
