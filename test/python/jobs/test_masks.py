"""What of a person silver shows, by stage; what no report, reason or sample tells of a classified column."""

import json

import pytest
from cleanse_lake import Lake, ndjson
from folder_store import FolderStore

from jobs.cleanse.masks import MASK, hidden_columns
from jobs.compiled import load_compiled
from jobs.contract import ContractError, parse_contract

USER = {
    **{"user_id": "us-1", "email": "Maria.Planted@example.org", "display_name": "Maria Planted"},
    **{"phone": "+49 151 5550123", "country_code": "DE", "acquisition_channel": "organic"},
    **{"is_email_verified": True, "created_at": "2026-01-05T10:00:00Z", "updated_at": "2026-01-05T10:00:00Z"},
}
HOUSEHOLD = {
    **{"household_id": "ho-1", "name": "The Planteds", "invite_code": "PLANT-7", "country_code": "DE"},
    **{"time_zone": "Europe/Berlin", "created_at": "2026-01-05T10:00:00Z"},
    "updated_at": "2026-01-05T10:00:00Z",
}


@pytest.fixture
def lake(tmp_path) -> Lake:
    return Lake(FolderStore(tmp_path))


@pytest.mark.parametrize("exact", ["plain", "exact"])
@pytest.mark.parametrize(
    ("stage", "name", "email"),
    [("prod", "The Planteds", "Maria.Planted@example.org"), ("dev", MASK, MASK), ("test", MASK, MASK)],
)
def test_silver_hides_what_is_restricted_always_and_persons_outside_production(
    lake, exact, stage, name, email
):
    # An escape keeps a line from the fast path.
    text = ndjson if exact == "plain" else lambda row: ndjson(row).replace(b"Berlin", b"\\u0042erlin")
    households = [lake.land("households.ndjson", text(HOUSEHOLD))]
    row = lake.run(households, entity="households", stage=stage).rows[0]
    assert (row["name"], row["invite_code"], row["time_zone"]) == (name, MASK, "Europe/Berlin")
    row = lake.run(
        [lake.land("users.ndjson", ndjson(USER | {"phone": None}))], entity="users", stage=stage
    ).rows[0]
    assert (row["email"], row["phone"], row["country_code"]) == (email, None, "DE")


def test_a_report_tells_no_value_of_a_classified_entity(lake):
    rows = [USER, USER | {"user_id": "us-2", "email": None, "mail": "Maria.Planted@example.org"}]
    rows += [USER | {"user_id": "us-3", "acquisition_channel": "Maria.Planted@example.org"}]
    report = lake.run([lake.land("users.ndjson", ndjson(*rows))], entity="users", stage="prod").report
    assert report["rows"]["rejected"] == 2 and [found["column"] for found in report["drift"]] == ["mail"]
    assert "planted" not in json.dumps(report).lower()


def test_what_is_classified_can_be_masked():
    table = {
        "name": "x",
        "quality": [{"engine": "sluice", "implementation": {"maxRejectedPercent": 1}}],
        "properties": [{"name": "id", "logicalType": "string", "required": True, "primaryKey": True}],
    }
    for change, told in (
        ({"name": "born", "logicalType": "date", "classification": "pii"}, "only a text"),
        ({"name": "mail", "logicalType": "string", "classification": "personal"}, "one of public"),
    ):
        properties = [*table["properties"], change]
        with pytest.raises(ContractError, match=told):
            parse_contract(document_of(table | {"properties": properties}))


def document_of(table: dict, *kept: dict) -> dict:
    agreed = [{"property": "retention", "unit": "d"} | one for one in kept]
    return {"id": "x", "version": "1.0.0", "schema": [table], "slaProperties": agreed}


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ([], "say the retention in bronze"),
        ([{"element": "bronze", "value": 90}], "say the retention in quarantine"),
        ([{"element": "bronze", "value": 7}], "30 to 3650 days"),
        ([{"element": "gold", "value": 90}], "said once, in d, of bronze and quarantine"),
        ([{"element": "bronze", "value": 90, "unit": "y"}], "said once, in d"),
    ],
)
def test_an_entity_with_classified_columns_says_how_long_its_raw_rows_are_kept(kept, told):
    table = {
        "name": "x",
        "quality": [{"engine": "sluice", "implementation": {"maxRejectedPercent": 1}}],
        "properties": [
            {"name": "id", "logicalType": "string", "required": True, "primaryKey": True},
            {"name": "mail", "logicalType": "string", "classification": "pii"},
        ],
    }
    with pytest.raises(ContractError, match=told):
        parse_contract(document_of(table, *kept))
    good = [{"element": zone, "value": 90} for zone in ("bronze", "quarantine")]
    assert parse_contract(document_of(table, *good)).retention_days == {"bronze": 90, "quarantine": 90}


def test_the_classified_columns_are_those_of_the_contracts():
    assert load_compiled("users").classified == dict.fromkeys(("email", "display_name", "phone"), "pii")
    assert hidden_columns(load_compiled("households"), "prod") == {"invite_code"}
    assert hidden_columns(load_compiled("market_data"), "dev") == frozenset()
