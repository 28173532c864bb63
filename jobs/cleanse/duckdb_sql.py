"""The statements of the DuckDB engine, built from a compiled contract.

Positions: rows of `staged` keep the order of the files and lines they came from, so `rowid` is the place of
a row in the whole batch, and its line is the distance from the file's first row.
"""

import json

from jobs.cleanse.limits import MAX_DRIFT_COLUMNS, MAX_LINE_BYTES
from jobs.compiled import CompiledContract

BLANKS = "' ' || CHR(9) || CHR(10) || CHR(13)"
# Bare member numbers get quotes, so that their text survives: the reader would pass them through a double.
NUMBER = r'([^\\]"[ \t\r]*:[ \t\r]*)(-?(?:0|[1-9][0-9]*)(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?)([ \t\r]*[,}])'
# DuckDB's reader takes trailing commas, NaN and Infinity for JSON. A cheap suspicion first, then a look
# outside of strings.
SUSPICION = r",[ \t\r]*[}\]]|[iI][nN][fF]|[nN][aA][nN]"
LENIENT = r",[ \t\r]*[}\]]|[iI]|[nN][aA]"
# The value of an unknown member in a plain line: anything flat, but no null and no escapes.
ANY_SCALAR = r'("[^"\\\x00-\x1f]*"|-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?|true|false)'


def quoted(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def plain_pattern(contract: CompiledContract, unknown: list[str]) -> str | None:
    """The pattern of a plain line, which may have the given unknown members too; None where there is none."""
    member = contract.sql["plain"]["member"]
    if member is None:
        return None
    if unknown:
        member += f'|"({"|".join(unknown)})": ?{ANY_SCALAR}'
    return rf"\A\{{({member})(, ?({member}))*\}}\z"


def stage_sql(contract: CompiledContract, paths: list[str], unknown: list[str], exact_only: bool) -> str:
    """Reads all lines once: plain ones straight to types, the others kept as text for the exact rules."""
    plain = contract.sql["plain"]
    pattern = None if exact_only else plain_pattern(contract, unknown)
    is_plain = f"REGEXP_MATCHES(line, {quoted(pattern)})" if pattern else "FALSE"
    structure = json.dumps(json.loads(plain["structure"]) | dict.fromkeys(unknown, "VARCHAR"))
    parsed = f"CASE WHEN {is_plain} THEN json_transform(line, {quoted(structure)}) END"
    fields = [f't."{name}" AS c_{name}' for name in contract.columns]
    # A plain line has no null in an unknown member, so a value is there exactly where the member is.
    fields += [f't."{name}" IS NOT NULL AS u_{place}' for place, name in enumerate(unknown)]
    drifted = "".join(f", u_{place}" for place in range(len(unknown)))
    return f"""
CREATE TEMP TABLE staged AS
SELECT f, {_values(contract)}, plain{drifted},
  CASE WHEN NOT plain THEN line END AS raw,
  CASE WHEN plain THEN {_key_hash(contract)} END AS h
FROM (
  SELECT *, COALESCE(t IS NOT NULL AND {plain["check"]}, FALSE) AS plain
  FROM (
    SELECT f, line, t, {", ".join(fields)}
    FROM (SELECT file_index AS f, line, {parsed} AS t FROM {_lines(paths)})
  )
)"""


def _lines(paths: list[str]) -> str:
    files = ", ".join(quoted(path) for path in paths)
    # Strict mode refuses a carriage return, so a file that was wrongly taken for regular fails loudly.
    return (
        f"read_csv([{files}], columns = {{'line': 'VARCHAR'}}, auto_detect = false, header = false, "
        f"delim = CHR(1), quote = '', escape = '', new_line = '\\n', max_line_size = {MAX_LINE_BYTES + 1024})"
    )


def _values(contract: CompiledContract) -> str:
    return ", ".join(f"c_{name}" for name in contract.columns)


def _key_hash(contract: CompiledContract) -> str:
    return f"hash({', '.join(f'c_{name}' for name in contract.key)})"


def judge_sql(contract: CompiledContract) -> str:
    """The exact rules over lines that are not plain: values, reasons (NULL when good), unknown members."""
    rules = contract.sql["duckdb"]
    texts = json.dumps({name: "VARCHAR" for name in contract.columns})
    known = ", ".join(quoted(name) for name in contract.columns)
    trimmed = ", ".join(f"{rules['trimmed'][name]} AS t_{name}" for name in contract.columns)
    typed = ", ".join(f"{rules['typed'][name]} AS c_{name}" for name in contract.columns)
    members = ", ".join(f'j."{name}" AS "{name}"' for name in contract.columns)
    return f"""
CREATE TEMP TABLE judged AS
WITH suspects AS (
  SELECT rowid AS pos, f, raw FROM staged WHERE NOT plain AND TRIM(raw, {BLANKS}) <> ''
), numbers_quoted AS (
  SELECT *, REGEXP_REPLACE(raw, {quoted(NUMBER)}, '\\1"\\2"\\3', 'g') AS q FROM suspects
), checked AS (
  SELECT pos, f, q, {_malformed()} AS malformed FROM numbers_quoted
), parsed AS (
  SELECT pos, f, malformed,
    CASE WHEN malformed IS NULL THEN json_transform(q, {quoted(texts)}) END AS j,
    CASE WHEN malformed IS NULL THEN list_filter(json_keys(q), lambda k: k NOT IN ({known})) END AS unknown
  FROM checked
), texts AS (SELECT pos, f, malformed, unknown, {members} FROM parsed),
trimmed AS (SELECT pos, f, malformed, unknown, {trimmed} FROM texts),
typed AS (SELECT *, {typed} FROM trimmed)
SELECT pos, f, {_values(contract)}, {_key_hash(contract)} AS h,
  COALESCE(malformed, {rules["reasons"]}) AS reasons,
  CASE WHEN len(unknown) > 0 THEN unknown END AS unknown
FROM typed"""


def _malformed() -> str:
    outside = r"""regexp_replace(regexp_replace(raw, '\\.', '', 'g'), '"[^"]*"', '""', 'g')"""
    return f"""CASE
    WHEN NOT COALESCE(json_valid(q), FALSE) THEN 'invalid_json'
    WHEN REGEXP_MATCHES(raw, {quoted(SUSPICION)})
      AND REGEXP_MATCHES({outside}, {quoted(LENIENT)}) THEN 'invalid_json'
    WHEN json_type(q) <> 'OBJECT' THEN 'not_an_object'
  END"""


def accepted_sql(contract: CompiledContract) -> str:
    """All good rows, plain and exactly judged, under one name."""
    values = _values(contract)
    return f"""
CREATE TEMP VIEW accepted AS
SELECT rowid AS pos, f, h, {values} FROM staged WHERE plain
UNION ALL
SELECT pos, f, h, {values} FROM judged WHERE reasons IS NULL"""


def losers_sql(contract: CompiledContract) -> str:
    """Rows that a later one with the same key replaces; only hashes that occur twice are looked at."""
    keys = ", ".join(f"c_{name}" for name in contract.key)
    return f"""
CREATE TEMP TABLE losers AS
SELECT pos, f FROM (
  SELECT pos, f, ROW_NUMBER() OVER (PARTITION BY {keys} ORDER BY pos DESC) AS place
  FROM accepted WHERE h IN (SELECT h FROM accepted GROUP BY h HAVING COUNT(*) > 1)
) WHERE place > 1"""


def rejects_sql(spools: list[str]) -> str:
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
SELECT s.place, j.pos - s.first + 1 AS line, split_part(j.reasons, ',', 1) AS reason, j.reasons,
  NULL AS detail, t.raw
FROM judged j JOIN sources s USING (f) JOIN staged t ON t.rowid = j.pos
WHERE j.reasons IS NOT NULL
{spooled if spools else ""}"""


def quarantine_sql(reason: str, target: str) -> str:
    """Writes the rows of one first reason as JSON lines."""
    return f"""
COPY (
  SELECT r.reason, string_split(r.reasons, ',') AS reasons, r.detail, s.key AS source_file,
    s.version_id AS source_version, r.line, r.raw
  FROM rejects r JOIN sources s USING (place) WHERE r.reason = {quoted(reason)} ORDER BY r.place, r.line
) TO {quoted(target)} (FORMAT json)"""


def silver_sql(contract: CompiledContract, run_id: str, day: str, target: str) -> str:
    """Writes the rows of one arrival day as Parquet: plain ones in their order, then the doubtful ones."""
    values = ", ".join(f'a.c_{name} AS "{name}"' for name in contract.columns)
    return f"""
COPY (
  SELECT {values}, s.key AS _source_file, a.pos - s.first + 1 AS _source_line,
    {quoted(run_id)} AS _run_id, s.ingested_at AS _ingested_at
  FROM accepted a JOIN sources s USING (f)
  WHERE s.day = {quoted(day)} AND a.pos NOT IN (SELECT pos FROM losers)
) TO {quoted(target)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"""


SOURCES_SQL = """
CREATE TEMP TABLE sources (
  place INTEGER, f BIGINT, first BIGINT, key VARCHAR, version_id VARCHAR, ingested_at TIMESTAMPTZ, day VARCHAR
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
