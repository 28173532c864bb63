"""The statements with which the DuckDB engine reads and judges, built from a compiled contract.

Positions: rows of `staged` keep the order of the files and lines they came from, so `rowid` is the place of
a row in the whole batch, and its line is the distance from the file's first row.
"""

import json

from jobs.cleanse.limits import MAX_LINE_BYTES
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
