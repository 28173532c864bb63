"""What a row must be, as SQL over text columns: written once for DuckDB and rendered for Spark.

Three layers, each reading the one before: `t_<column>` the trimmed text, `c_<column>` the typed value or
NULL, and the reasons. A bad text never reaches a cast: each cast has a guard inside, since both engines'
casts are lenient in different ways.
"""

from decimal import Decimal

from jobs.contract import Column, Contract, ContractError

DIGITS = r"[0-9]+([.][0-9]*)?|[.][0-9]+"
STAMP = r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?"
OFFSET = r"(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)\z"
# A JSON object or array where a text is due. Told by its text, because Spark's reader keeps no more of it
# than that.
NESTED = r'\A(?s:\{[ \t\r\n]*("(.*))?\}|\[[ \t\r\n]*([{"\[0-9-](.*))?\])\z'
TRUE_WORDS = ("true", "True", "TRUE", "t", "T", "1", "yes", "Yes", "YES", "y", "Y")
FALSE_WORDS = ("false", "False", "FALSE", "f", "F", "0", "no", "No", "NO", "n", "N")
# Python, Trino and Parquet readers agree on these years; the casts alone would also take year 0000.
DATE_LIMITS = ("0001-01-01", "9999-12-31")
STAMP_LIMITS = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z")
NOT_A = {
    "double": "not_a_number",
    "boolean": "not_true_or_false",
    "date": "not_a_date",
    "timestamp": "not_a_timestamp",
    "json": "not_json",
}


def trimmed_sql(column: Column) -> str:
    """The text without blanks at its ends (ASCII ones, the engines differ on others); blank text is NULL."""
    return f"NULLIF(TRIM(\"{column.name}\", ' ' || CHR(9) || CHR(10) || CHR(13)), '')"


def typed_sql(column: Column) -> str:
    """The typed value of `t_<column>`, NULL for any text that is not plainly one."""
    text = f"t_{column.name}"
    if column.family == "integer":
        return _guarded(text, r"\A[+-]?[0-9]{1,40}\z", "BIGINT")
    if column.family == "decimal":
        whole, scale = decimal_digits(column)
        exact = rf"\A[+-]?(0*[0-9]{{1,{whole}}}([.][0-9]{{0,{scale}}}0*)?|[.][0-9]{{1,{scale}}}0*)\z"
        return _guarded(text, exact, f"DECIMAL({whole + scale}, {scale})")
    if column.family == "double":
        value = _guarded(text, rf"\A[+-]?({DIGITS})([eE][+-]?[0-9]{{1,4}})?\z", "DOUBLE")
        return f"CASE WHEN ABS({value}) <= CAST('1.7976931348623157e308' AS DOUBLE) THEN {value} END"
    if column.family == "boolean":
        true, false = _words(TRUE_WORDS), _words(FALSE_WORDS)
        return f"CASE WHEN {text} IN {true} THEN TRUE WHEN {text} IN {false} THEN FALSE END"
    if column.family == "date":
        value = _guarded(text, r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\z", "DATE")
        return _between(column, value, DATE_LIMITS)
    if column.family == "timestamp":
        return _timestamp_sql(column, text)
    return text


def _timestamp_sql(column: Column, text: str) -> str:
    # Every value reaches the cast with an explicit offset: one zone name would change how later values are
    # read.
    value = (
        f"TRY_CAST(CASE WHEN REGEXP_MATCHES({text}, '{STAMP}{OFFSET}') THEN REPLACE({text}, 'T', ' ') "
        f"WHEN REGEXP_MATCHES({text}, '{STAMP}\\z') THEN REPLACE({text}, 'T', ' ') || 'Z' END AS TIMESTAMPTZ)"
    )
    return _between(column, value, STAMP_LIMITS)


def _between(column: Column, value: str, limits: tuple) -> str:
    low, high = (_bound(column, limit) for limit in limits)
    return f"CASE WHEN {value} BETWEEN {low} AND {high} THEN {value} END"


def decimal_digits(column: Column) -> tuple[int, int]:
    """How many digits a decimal column holds before and after its point."""
    precision, scale = (int(part) for part in column.type[8:-1].split(","))
    if not 0 < precision <= 38 or not 0 < scale < precision:
        raise ContractError(f"{column.name}: {column.type} is not a decimal that both engines hold")
    return precision - scale, scale


def _guarded(text: str, pattern: str, sql_type: str) -> str:
    return f"TRY_CAST(CASE WHEN REGEXP_MATCHES({text}, '{pattern}') THEN {text} END AS {sql_type})"


def _words(words: tuple) -> str:
    return "(" + ", ".join("'" + str(word).replace("'", "''") + "'" for word in words) + ")"


def reasons_of(contract: Contract) -> list[tuple[str, str]]:
    """All (rule, condition) pairs in the order in which they are reported; a condition is never NULL."""
    return [pair for column in contract.columns for pair in _column_reasons(column)]


def reasons_sql(contract: Contract) -> str:
    """The names of the broken rules, comma-joined in contract order, NULL when the row is good."""
    cases = ", ".join(f"CASE WHEN {condition} THEN '{rule}' END" for rule, condition in reasons_of(contract))
    return f"NULLIF(CONCAT_WS(',', {cases}), '')"


def _column_reasons(column: Column) -> list[tuple[str, str]]:
    text, value = f"t_{column.name}", f"c_{column.name}"
    pairs = []
    if column.required:
        pairs.append((f"{column.name}_missing", f"{text} IS NULL"))
    if column.family == "decimal":
        # Told apart, because the cure differs: a number with too many digits is the producer's precision,
        # not garbage.
        number = rf"REGEXP_MATCHES({text}, '\A[+-]?({DIGITS})\z')"
        pairs.append((f"{column.name}_not_a_number", f"{text} IS NOT NULL AND NOT {number}"))
        pairs.append((f"{column.name}_too_many_digits", f"{number} AND {value} IS NULL"))
    elif column.family == "integer":
        number = rf"REGEXP_MATCHES({text}, '\A[+-]?[0-9]+\z')"
        pairs.append((f"{column.name}_not_a_whole_number", f"{text} IS NOT NULL AND NOT {number}"))
        pairs.append((f"{column.name}_too_many_digits", f"{number} AND {value} IS NULL"))
    elif column.family in NOT_A:
        pairs.append((f"{column.name}_{NOT_A[column.family]}", f"{text} IS NOT NULL AND {value} IS NULL"))
    if column.family == "string":
        pairs.append((f"{column.name}_not_a_text", f"COALESCE(REGEXP_MATCHES({text}, '{NESTED}'), FALSE)"))
    if column.ranges:
        pairs.append((f"{column.name}_out_of_range", f"{value} IS NOT NULL AND NOT ({in_range_sql(column)})"))
    if column.allowed:
        pairs.append(
            (f"{column.name}_not_allowed", f"{value} IS NOT NULL AND NOT {value} IN {_words(column.allowed)}")
        )
    return pairs


def in_range_sql(column: Column) -> str:
    """The contract's range over a non-NULL `c_<column>`."""
    operators = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    return " AND ".join(
        f"c_{column.name} {operators[option]} {_bound(column, limit)}"
        for option, limit in column.ranges.items()
    )


def allowed_sql(column: Column) -> str:
    """The contract's allowed values over a non-NULL `c_<column>`."""
    return f"c_{column.name} IN {_words(column.allowed)}"


def _bound(column: Column, limit) -> str:
    if column.family == "date":
        return f"CAST('{limit}' AS DATE)"
    if column.family == "timestamp":
        return f"CAST('{str(limit).replace('T', ' ').replace('Z', '+00:00')}' AS TIMESTAMPTZ)"
    if column.family == "integer":
        return str(int(limit))
    if column.family == "double":
        return f"CAST('{limit}' AS DOUBLE)"
    whole, scale = decimal_digits(column)
    return f"CAST('{Decimal(str(limit)):f}' AS DECIMAL({whole + scale}, {scale}))"
