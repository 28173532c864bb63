"""The statements with which the DuckDB engine tells what became of each row; positions: see duckdb_sql."""

from jobs.cleanse.duckdb_sql import quoted
from jobs.cleanse.limits import MAX_DRIFT_COLUMNS, MAX_LINE_BYTES
from jobs.cleanse.masks import hidden_columns, shown_sql
from jobs.cleanse.plan import Plan
from jobs.compiled import CompiledContract


def line_sql(position: str, replayed: bool) -> str:
    """The line of a row in its file: counted from the file's first row, but for rows from quarantine."""
    counted = f"{position} - s.first + 1"
    if not replayed:
        return counted
    return f"COALESCE((SELECT o.line FROM origins o WHERE o.pos = {position}), {counted})"


def origins_sql(path: str) -> str:
    """The lines of rows from quarantine by their position, from a CSV file of the two."""
    columns = "{'pos': 'BIGINT', 'line': 'BIGINT'}"
    return (
        f"CREATE TEMP TABLE origins AS SELECT * FROM read_csv({quoted(path)}, columns = {columns}, "
        "auto_detect = false, header = false)"
    )


def rejects_sql(spools: list[str], replayed: bool) -> str:
    """Every rejected row: those that reading refused, and those that the rules did."""
    columns = (
        "{'place': 'INTEGER', 'line': 'BIGINT', 'reason': 'VARCHAR', 'detail': 'VARCHAR', 'raw': 'VARCHAR'}"
    )
    files = ", ".join(quoted(path) for path in spools)
    spooled = (
        f"UNION ALL SELECT place, line, reason, reason, detail, raw FROM read_json([{files}], "
        f"columns = {columns}, format = 'newline_delimited', maximum_object_size = {4 * MAX_LINE_BYTES})"
    )
    return f"""
CREATE TEMP TABLE rejects AS
SELECT s.place, {line_sql("j.pos", replayed)} AS line, split_part(j.reasons, ',', 1) AS reason, j.reasons,
  NULL AS detail, t.raw
FROM judged j JOIN sources s USING (f) JOIN staged t ON t.rowid = j.pos
WHERE j.reasons IS NOT NULL
{spooled if spools else ""}"""


BROKEN_SQL = """
SELECT place, rule, COUNT(*), MIN(line) FROM (
  SELECT place, line, UNNEST(string_split(reasons, ',')) AS rule FROM rejects
) GROUP BY place, rule"""


def broken_rules(db) -> dict:
    """Rejected rows by input and broken rule, each with its first line; a row can break several."""
    return {(place, rule): (rows, line) for place, rule, rows, line in db.execute(BROKEN_SQL).fetchall()}


def look_at(db, wanted: list) -> dict:
    """Detail and text of rejected rows, by (input, line)."""
    query = "SELECT detail, raw FROM rejects WHERE place = ? AND line IS NOT DISTINCT FROM ? LIMIT 1"
    return {one: db.execute(query, list(one)).fetchone() for one in wanted}


def quarantine_sql(reason: str, target: str) -> str:
    """Writes the rows of one first reason as JSON lines."""
    return f"""
COPY (
  SELECT r.reason, string_split(r.reasons, ',') AS reasons, r.detail, s.key AS source_file,
    s.version_id AS source_version, r.line, s.landed AS ingested_at, r.raw
  FROM rejects r JOIN sources s USING (place) WHERE r.reason = {quoted(reason)} ORDER BY r.place, r.line
) TO {quoted(target)} (FORMAT json)"""


def silver_sql(contract: CompiledContract, plan: Plan, day: str, target: str, replayed: bool) -> str:
    """Writes the rows of one arrival day as Parquet: plain ones in their order, then the doubtful ones."""
    hidden = hidden_columns(contract, plan.stage)
    values = ", ".join(f'{shown_sql(f"a.c_{name}", name, hidden)} AS "{name}"' for name in contract.columns)
    return f"""
COPY (
  SELECT {values}, s.key AS _source_file, {line_sql("a.pos", replayed)} AS _source_line,
    {quoted(plan.run_id)} AS _run_id, s.ingested_at AS _ingested_at
  FROM accepted a JOIN sources s USING (f)
  WHERE s.day = {quoted(day)} AND a.pos NOT IN (SELECT pos FROM losers)
) TO {quoted(target)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"""


SOURCES_SQL = """
CREATE TEMP TABLE sources (
  place INTEGER, f BIGINT, first BIGINT, key VARCHAR, version_id VARCHAR,
  ingested_at TIMESTAMPTZ, landed VARCHAR, day VARCHAR
)"""


def drift_sql(unknown: list[str]) -> str:
    """Unknown columns: name, rows, first position; those of plain rows and those that the exact rules met."""
    plain = "".join(
        f"UNION ALL SELECT {quoted(name)}, COUNT(*), MIN(rowid) FROM staged WHERE plain AND u_{place}\n"
        for place, name in enumerate(unknown)
    )
    return f"""
SELECT column_name, SUM(n)::BIGINT AS n, MIN(first_pos) AS first_pos FROM (
  SELECT column_name, COUNT(DISTINCT pos) AS n, MIN(pos) AS first_pos
  FROM (SELECT pos, UNNEST(unknown) AS column_name FROM judged WHERE unknown IS NOT NULL)
  GROUP BY column_name
  {plain})
GROUP BY column_name HAVING SUM(n) > 0 ORDER BY n DESC, column_name LIMIT {MAX_DRIFT_COLUMNS}"""
