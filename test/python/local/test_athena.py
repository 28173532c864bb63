"""Athena takes parameters, projects partitions, knows views and acts with the rights of its caller."""

import base64
import json

import pytest
from local_aws import LocalAws, poll

ALLOW = {"Effect": "Allow"}


def test_athena_puts_parameters_in_place_of_question_marks_outside_literals(aws):
    aws.client("s3").create_bucket(Bucket="results")
    athena = aws.client("athena")
    sql = "select ? as word, '?' as mark, ? + 1 as number -- ?"
    run = athena.start_query_execution(
        QueryString=sql,
        ExecutionParameters=["'it''s'", "41"],
        ResultConfiguration={"OutputLocation": "s3://results/"},
    )["QueryExecutionId"]
    execution = poll(
        lambda: (
            one
            if (one := athena.get_query_execution(QueryExecutionId=run)["QueryExecution"])["Status"]["State"]
            in ("SUCCEEDED", "FAILED")
            else None
        )
    )
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    assert (execution["Query"], execution["ExecutionParameters"]) == (sql, ["'it''s'", "41"])
    rows = athena.get_query_results(QueryExecutionId=run)["ResultSet"]["Rows"]
    assert [cell["VarCharValue"] for cell in rows[1]["Data"]] == ["it's", "?", "42"]


class Lake:
    """A table of one row, readable by Athena, and a role with all the rights that reading it takes."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws, s3, glue = aws, aws.client("s3"), aws.client("glue")
        for bucket in ("gold", "answers"):
            s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket="gold", Key="prices/one.csv", Body=b"1\n")
        glue.create_database(DatabaseInput={"Name": "lake"})
        glue.create_table(
            DatabaseName="lake",
            TableInput={
                "Name": "prices",
                "Parameters": {"classification": "csv"},
                "StorageDescriptor": {
                    "Columns": [{"Name": "price", "Type": "int"}],
                    "Location": "s3://gold/prices/",
                },
            },
        )

    def view(self, name: str, sql: str) -> None:
        """A view as Athena keeps it."""
        definition = {"originalSql": sql, "catalog": "awsdatacatalog", "schema": "lake", "columns": []}
        text = f"/* Presto View: {base64.b64encode(json.dumps(definition).encode()).decode()} */"
        view = {"Name": name, "TableType": "VIRTUAL_VIEW", "ViewOriginalText": text}
        self.aws.client("glue").create_table(DatabaseName="lake", TableInput=view)

    def rights(self, *tables: str) -> list[dict]:
        place = "arn:aws:glue:us-east-1:000000000000:"
        named = [f"table/lake/{table}" for table in tables or ("prices",)]
        table = [place + one for one in (*named, "database/lake", "catalog")]
        pairs = {
            "athena:StartQueryExecution": "*",
            "athena:GetQueryExecution": "*",
            "athena:GetQueryResults": "*",
            "glue:GetTable": table,
            "s3:ListBucket": "arn:aws:s3:::gold",
            "s3:GetObject": "arn:aws:s3:::*/*",
            "s3:GetBucketLocation": "arn:aws:s3:::answers",
            "s3:PutObject": "arn:aws:s3:::answers/*",
        }
        return [{**ALLOW, "Action": action, "Resource": resource} for action, resource in pairs.items()]

    def ask(self, role: str, query: str = "select price from prices") -> dict:
        return self.run(role, query)[1]

    def run(self, role: str, query: str) -> tuple[str, dict]:
        """A query's id and how it ended."""
        athena = self.aws.as_role("athena", role)
        run = athena.start_query_execution(
            QueryString=query,
            QueryExecutionContext={"Database": "lake"},
            ResultConfiguration={"OutputLocation": "s3://answers/"},
        )["QueryExecutionId"]
        return run, poll(lambda: self._ended(athena, run))

    @staticmethod
    def _ended(athena, run: str) -> dict | None:
        status = athena.get_query_execution(QueryExecutionId=run)["QueryExecution"]["Status"]
        return status if status["State"] in ("SUCCEEDED", "FAILED") else None


@pytest.fixture(scope="module")
def lake(aws) -> Lake:
    return Lake(aws)


def test_athena_answers_what_lies_in_a_tables_files(aws, lake):
    role = aws.role("asker", *lake.rights())
    run, status = lake.run(role, "select price, price + 41 as dear from prices")
    assert status["State"] == "SUCCEEDED"
    rows = aws.as_role("athena", role).get_query_results(QueryExecutionId=run)["ResultSet"]["Rows"]
    assert [[cell["VarCharValue"] for cell in row["Data"]] for row in rows] == [
        ["price", "dear"],
        ["1", "42"],
    ]


def test_athena_reads_with_the_rights_of_its_caller(aws, lake):
    assert lake.ask(aws.role("reader", *lake.rights()))["State"] == "SUCCEEDED"
    for number, missing in enumerate(("glue:GetTable", "s3:ListBucket", "s3:PutObject", "s3:GetObject")):
        role = aws.role(f"reader-{number}", *(one for one in lake.rights() if one["Action"] != missing))
        status = lake.ask(role)
        assert status["State"] == "FAILED"
        assert missing in status["StateChangeReason"]


def test_athena_projects_a_partition_column_whatever_the_files_say(aws):
    s3, glue, athena = (aws.client(name) for name in ("s3", "glue", "athena"))
    s3.create_bucket(Bucket="projected")
    s3.put_object(Bucket="projected", Key="edition=e2/year=2026/one.csv", Body=b"1\n")
    glue.create_database(DatabaseInput={"Name": "projecting"})
    glue.create_table(
        DatabaseName="projecting",
        TableInput={
            "Name": "editions",
            "Parameters": {
                **{"classification": "csv", "projection.enabled": "true"},
                **{"projection._edition.type": "enum", "projection._edition.values": "e2"},
                **{"projection.year.type": "integer", "projection.year.range": "2026,2026"},
            },
            "PartitionKeys": [{"Name": name, "Type": "string"} for name in ("_edition", "year")],
            "StorageDescriptor": {
                "Columns": [{"Name": "price", "Type": "int"}],
                "Location": "s3://projected/edition=e2/",
            },
        },
    )
    run = athena.start_query_execution(
        QueryString="select price, year, _edition from editions where _edition = 'e2'",
        QueryExecutionContext={"Database": "projecting"},
        ResultConfiguration={"OutputLocation": "s3://projected/results/"},
    )["QueryExecutionId"]
    assert poll(lambda: Lake._ended(athena, run))["State"] == "SUCCEEDED"
    rows = athena.get_query_results(QueryExecutionId=run)["ResultSet"]["Rows"]
    assert [cell["VarCharValue"] for cell in rows[1]["Data"]] == ["1", "2026", "e2"]


def test_athena_reads_a_view_in_a_view_with_the_rights_on_all_that_it_reads(aws, lake):
    lake.view("dear", 'select price * 2 as price from "lake"."prices" where price > 0')
    lake.view("dearer", "select price + 1 as price from dear")
    query = "select case when dearer.price <> 3 then error('wrong') end from dearer"
    every = ("prices", "dear", "dearer")
    may = aws.role("reader-of-views", *lake.rights(*every))
    assert lake.ask(may, query)["State"] == "SUCCEEDED"
    for missing in every:
        role = aws.role(f"no-{missing}", *lake.rights(*(name for name in every if name != missing)))
        assert f"table/lake/{missing}" in lake.ask(role, query)["StateChangeReason"]
