"""The expressions of the Spark engine over lines with positions. Each layer is a list of SQL select items.

One pass judges every row and keeps all fates in one data set: Spark writes one schema per pass, and a
second pass over the input would cost more than what a few odd rows carry with them. Columns of a contract
start with a letter, so an underscore keeps ours apart.
"""

from jobs.cleanse.duckdb_sql import NUMBER
from jobs.cleanse.limits import DRIFT_SAMPLE_CHARACTERS
from jobs.cleanse.masks import hidden_columns, shown_sql
from jobs.cleanse.plan import Plan
from jobs.cleanse.spark_scan import LINE_BITS, POSITION_DIGITS
from jobs.cleanse.spark_shape import Shape, check_sql, sql_type
from jobs.cleanse.spark_sources import quoted
from jobs.compiled import CompiledContract

# Fates that are not silver, named like the folder they are written to.
REJECTED, DUPLICATE, BLANK, DRIFT = "_rejected", "_duplicate", "_blank", "_drift"
# Read by shape and found to break a rule: rejected, once its text is looked up.
DOUBTFUL = "_doubtful"
# What a row carries whose fate is not silver; the texts are explained at `fate_items`.
ODD_TYPE = "STRUCT<fate: STRING, first: STRING, second: STRING>"
PLACE = f"CAST(SHIFTRIGHT(_pos, {LINE_BITS}) AS INT)"
LINE = f"_pos & {(1 << LINE_BITS) - 1}L"
WHITE = "' \\t\\n\\r'"
JSON_OPTIONS = (
    "MAP('mode', 'PERMISSIVE', 'columnNameOfCorruptRecord', '_c', 'allowSingleQuotes', 'false', "
    "'allowNonNumericNumbers', 'false')"
)


def staged_items() -> list[str]:
    """From a staged line to its position and text."""
    return [
        f"CAST(SUBSTRING(value, 1, {POSITION_DIGITS}) AS BIGINT) AS _pos",
        f"SUBSTRING(value, {POSITION_DIGITS + 1}) AS _raw",
    ]


def plain_layers(contract: CompiledContract, shape: Shape) -> list[list[str]]:
    """From the text of a line of the shape, `_raw`, to typed values and `_odd`, which says where a rule is
    broken, not yet which.

    No value holds a quote, so cutting at them gives each value the same place in every line.
    """
    kinds = {name: sql_type(contract.types[name]) for name in contract.columns}
    texts = _value_texts(shape)
    values = [f"CAST({texts.get(name, 'NULL')} AS {kind}) AS c_{name}" for name, kind in kinds.items()]
    kept = ["_pos", *[f"c_{name}" for name in contract.columns]]
    odd = _odd(DOUBTFUL, "CAST(NULL AS STRING)", "CAST(NULL AS STRING)")
    return [
        ["_pos", f"SPLIT({_with_all_quotes(shape)}, '\"') AS _cut"],
        ["_pos", *values],
        [*kept, f"CASE WHEN COALESCE({check_sql(contract)}, FALSE) THEN NULL ELSE {odd} END AS _odd"],
    ]


def _with_all_quotes(shape: Shape) -> str:
    # No text of the shape is empty, so an empty one can stand for a missing one.
    line = "_raw"
    for one in shape.members:
        if one.quoted and one.nullable:
            front = f'"{one.name}"{one.colon}'
            line = f"""REPLACE({line}, {quoted(front + "null")}, {quoted(front + '""')})"""
    return line


def _value_texts(shape: Shape) -> dict[str, str]:
    """The text of each member's value, NULL where it is missing, over the line cut at its quotes."""
    texts, at = {}, 0
    for one in shape.members:
        # The next piece is the name; then comes either `:value,` or `:`, the value and `,`.
        if one.quoted:
            text, missing, at = f"_cut[{at + 3}]", "''", at + 4
        else:
            around, whole = len(one.colon) + len(one.end), f"_cut[{at + 2}]"
            text = f"SUBSTRING({whole}, {len(one.colon) + 1}, OCTET_LENGTH({whole}) - {around})"
            missing, at = "'null'", at + 2
        texts[one.name] = f"NULLIF({text}, {missing})" if one.nullable else text
    return texts


def _odd(fate: str, first: str, second: str) -> str:
    return f"NAMED_STRUCT('fate', '{fate}', 'first', {first}, 'second', {second})"


def exact_layers(contract: CompiledContract) -> list[list[str]]:
    """From the text of a line, `_raw`, to typed values and `_odd`, which is NULL for a good row.

    A row with unknown members comes once as itself, and once more, as drift, for each of them.
    """
    rules, columns = contract.sql["spark"], contract.columns
    kept, values = ["_pos", "_raw"], [f"c_{name}" for name in columns]
    known = ", ".join(quoted(name) for name in columns)
    unknown = f"MAP_ENTRIES(MAP_FILTER(_m, (k, v) -> k NOT IN ({known}))) AS _unknown"
    typed = [f"{rules['typed'][name]} AS c_{name}" for name in columns]
    reasons = f"COALESCE(_malformed, {rules['reasons']}) AS _reasons"
    itself = (
        f"CASE WHEN _reasons = '{BLANK}' THEN {_odd(BLANK, 'CAST(NULL AS STRING)', 'CAST(NULL AS STRING)')} "
        f"WHEN _reasons IS NOT NULL THEN {_odd(REJECTED, '_reasons', '_raw')} END"
    )
    member = _odd(DRIFT, "member.key", f"LEFT(member.value, {DRIFT_SAMPLE_CHARACTERS})")
    members = f"TRANSFORM(COALESCE(_unknown, ARRAY()), member -> {member})"
    return [
        [*kept, f"REGEXP_REPLACE(_raw, {quoted(NUMBER)}, '$1\"$2\"$3') AS _q"],
        [
            *kept,
            f"{_read('map<string,string>')} AS _object",
            f"CASE WHEN LTRIM({WHITE}, _raw) NOT LIKE '{{%' THEN {_read('string')} END AS _other",
        ],
        [*kept, f"{_malformed()} AS _malformed", "GET(_object.w, 0) AS _found"],
        [*kept, "_malformed", "CASE WHEN _malformed IS NULL THEN _found END AS _m"],
        [*kept, "_malformed", unknown, *[f"_m[{quoted(name)}] AS `{name}`" for name in columns]],
        [*kept, "_malformed", "_unknown", *[f"{rules['trimmed'][name]} AS t_{name}" for name in columns]],
        [*kept, "_malformed", "_unknown", *[f"t_{name}" for name in columns], *typed],
        [*kept, *values, "_unknown", reasons],
        ["_pos", *values, f"EXPLODE(CONCAT(ARRAY(CAST({itself} AS {ODD_TYPE})), {members})) AS _odd"],
    ]


def _read(element: str) -> str:
    # Wrapped, since Spark ignores what follows a value: then the sentinel proves that the whole line was
    # read.
    wrapped = "CONCAT('{\"w\":[', _q, '],\"_end\":1}')"
    return f"FROM_JSON({wrapped}, 'w array<{element}>, _end string, _c string', {JSON_OPTIONS})"


def _malformed() -> str:
    def broken(read: str) -> str:
        return f"NOT COALESCE({read}._c IS NULL AND {read}._end = '1' AND SIZE({read}.w) = 1, FALSE)"

    # Spark reads half of a surrogate pair as a question mark. Escaped backslashes and whole pairs go first.
    pair, half = r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..", r"\\u[dD][89a-fA-F]"
    singles = f"REGEXP_REPLACE(REPLACE(_raw, {quoted(chr(92) * 2)}, '__'), {quoted(pair)}, '')"
    return f"""CASE
    WHEN TRIM({WHITE} FROM _raw) = '' THEN '{BLANK}'
    WHEN {singles} RLIKE {quoted(half)} THEN 'invalid_json'
    WHEN _other IS NOT NULL THEN CASE WHEN {broken("_other")} THEN 'invalid_json' ELSE 'not_an_object' END
    WHEN {broken("_object")} OR GET(_object.w, 0) IS NULL THEN 'invalid_json'
  END"""


ALONE = "CASE WHEN _odd IS NOT NULL THEN _pos END AS _alone"


def ranked_items(contract: CompiledContract) -> list[str]:
    """Adds `_turn`, 1 for the latest good row of a key. Odd rows stand alone, by their position."""
    keys = ", ".join(f"c_{name}" for name in contract.key)
    turn = f"ROW_NUMBER() OVER (PARTITION BY {keys}, _alone ORDER BY _pos DESC) AS _turn"
    return ["_pos", *[f"c_{name}" for name in contract.columns], "_odd", turn]


def fate_items(contract: CompiledContract, plan: Plan) -> list[str]:
    """The columns of silver, and the folder. In the folders of other fates some columns hold other things.

    `_source_line` is then the position; `_source_file` the reasons of a rejected row or the name of an
    unknown
    column; `_run_id` the row's text, or a sample of that column.
    """
    hidden = hidden_columns(contract, plan.stage)
    fate = f"CASE WHEN _odd IS NOT NULL THEN _odd.fate WHEN _turn > 1 THEN '{DUPLICATE}' END"
    return [
        *[f"{shown_sql(f'c_{name}', name, hidden)} AS `{name}`" for name in contract.columns],
        "CASE WHEN _odd IS NOT NULL THEN _odd.first ELSE key END AS _source_file",
        f"CASE WHEN _odd IS NOT NULL OR _turn > 1 THEN _pos ELSE {LINE} END AS _source_line",
        f"CASE WHEN _odd IS NOT NULL THEN _odd.second ELSE {quoted(plan.run_id)} END AS _run_id",
        "ingested_at AS _ingested_at",
        *[f"COALESCE({fate}, {part}) AS {part}" for part in ("year", "month", "day")],
    ]
