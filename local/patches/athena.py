"""Athena acts with its caller's rights, fills in ExecutionParameters, projects partitions and knows views.

Sources, below https://docs.aws.amazon.com/athena/latest/ug/:
querying-with-prepared-statements-querying.html (values are taken as written, in order, so a string must
bring its own single quotes), security-iam-athena.html (the caller needs Glue's and S3's rights too),
partition-projection-supported-types.html (an enum lists values of a partition column). How a view stands in
the catalog is Trino's: ViewReaderUtil of its connector for Hive.
"""

import base64
import json
import re

from local.patches.authorization import caller_may

VIEW_START, VIEW_END = "/* Presto View: ", " */"
# Literals, quoted names and comments, in which a question mark means nothing; else the mark.
_PIECES = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|(\?)", re.DOTALL)


def apply(parts) -> None:
    """Wrap the start of a query and the reading of its result."""
    from ministack.services import athena

    start, read = athena._start_query_execution, athena._get_query_results

    def start_query_execution(data: dict):
        query, given = data.get("QueryString", ""), data.get("ExecutionParameters")
        named = (data.get("QueryExecutionContext") or {}).get("Database", "default")
        run = _without_views(athena, query, named)
        denied = _missing_right(athena, data, f"{query} {run}")
        run = f"select error('{denied}')" if denied else filled(run, given or [])
        answer = start({**data, "QueryString": run})
        if answer[0] == 200:
            execution = athena._executions[json.loads(answer[2])["QueryExecutionId"]]
            execution.update(Query=query, **({"ExecutionParameters": list(given)} if given else {}))
        return answer

    def get_query_results(data: dict):
        from ministack.core.responses import error_response_json

        execution = athena._executions.get(data.get("QueryExecutionId"))
        if execution:
            result = execution["ResultConfiguration"]["OutputLocation"]
            if not caller_may("s3:GetObject", f"arn:aws:s3:::{result.removeprefix('s3://')}"):
                return error_response_json(
                    "InvalidRequestException", f"Access denied when reading {result}", 400
                )
        return read(_counting_the_header(execution, data))

    athena._start_query_execution, athena._get_query_results = start_query_execution, get_query_results
    relation = athena._table_relation
    athena._table_relation = lambda table, files: projected(table, relation(table, files))


def projected(table: dict, relation: str) -> str:
    """The relation of a table's files with its partition columns that are projected with one value."""
    parameters = table.get("Parameters") or {}
    names = [str(key.get("Name")) for key in table.get("PartitionKeys") or []]
    values = {name: str(parameters.get(f"projection.{name}.values", "")).strip() for name in names}
    one = {name: value for name, value in values.items() if value and "," not in value}
    if parameters.get("projection.enabled") != "true" or not one:
        return relation
    # What the files say of such a column does not count.
    others = f"COLUMNS(c -> c NOT IN ({', '.join(map(_literal, one))}))"
    columns = ", ".join(f'{_literal(value)} AS "{name}"' for name, value in one.items())
    return f"(SELECT {others}, {columns} FROM {relation})"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _counting_the_header(execution: dict | None, data: dict) -> dict:
    """MaxResults counts the row of column names, which the first page of a SELECT's result starts with."""
    if not execution or data.get("NextToken") or execution.get("StatementType") != "DML":
        return data
    return {**data, "MaxResults": int(data.get("MaxResults") or 1_000) - 1}


def filled(query: str, values: list[str]) -> str:
    """The query with each `?` replaced in order; left alone when the counts differ, and then it fails."""
    marks = sum(1 for piece in _PIECES.finditer(query) if piece[1])
    if marks != len(values):
        return query
    rest = iter(values)
    return _PIECES.sub(lambda piece: next(rest) if piece[1] else piece[0], query)


def _without_views(athena, query: str, database: str) -> str:
    """The query with the text of each view in the place of its name."""
    from ministack.services import glue

    for place in reversed(athena._table_references(query)):
        table = glue._tables.get(f"{place.database or database}/{place.table}") or {}
        if table.get("TableType") == "VIRTUAL_VIEW":
            text = table["ViewOriginalText"].removeprefix(VIEW_START).removesuffix(VIEW_END)
            definition = json.loads(base64.b64decode(text))
            inner = _without_views(athena, definition["originalSql"], definition["schema"])
            named = "" if place.aliased else f' AS "{place.table}"'
            query = f"{query[: place.start]}({inner}){named}{query[place.end :]}"
    return query


def _missing_right(athena, data: dict, query: str) -> str:
    """The first right that the query needs and its caller lacks, in Athena's words; "" for none."""
    database = (data.get("QueryExecutionContext") or {}).get("Database", "default")
    output = _output(athena, data)
    needed = (
        [("s3:GetBucketLocation", output.split("/")[0]), ("s3:PutObject", f"{output}x.csv")] if output else []
    )
    rights = [(action, f"arn:aws:s3:::{resource}") for action, resource in needed]
    for name, table in _tables_named(query, database):
        rights += [("glue:GetTable", name)]
        bucket, _, prefix = table.get("Location", "").removeprefix("s3://").partition("/")
        if bucket:
            rights += [("s3:ListBucket", f"arn:aws:s3:::{bucket}")]
            rights += [("s3:GetObject", f"arn:aws:s3:::{bucket}/{prefix}x")]
    for action, resource in rights:
        if not caller_may(action, resource):
            return f"Insufficient permissions to execute the query: {action} is not allowed on {resource}"
    return ""


def _output(athena, data: dict) -> str:
    group = athena._workgroups.get(data.get("WorkGroup", "primary"), {}).get("Configuration", {})
    own, shared = data.get("ResultConfiguration") or {}, group.get("ResultConfiguration") or {}
    return (own.get("OutputLocation") or shared.get("OutputLocation") or "").removeprefix("s3://")


def _tables_named(query: str, database: str) -> list[tuple[str, dict]]:
    """The catalog's tables that the query names: (ARN, storage descriptor)."""
    from ministack.core.responses import get_account_id, get_region
    from ministack.services import glue

    words = {word.lower() for word in re.findall(r"\w+", query)}
    found = []
    for key, table in glue._tables.items():
        holder, _, name = key.partition("/")
        if name.lower() in words and (holder == database or holder.lower() in words):
            arn = f"arn:aws:glue:{get_region()}:{get_account_id()}:table/{holder}/{name}"
            found.append((arn, table.get("StorageDescriptor") or {}))
    return found
