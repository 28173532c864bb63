"""Columns that a file as a whole breaks, told apart from single bad rows: its source changed the schema.

Both engines count the same thing, rejected rows by input and broken rule with the first line of each, and
everything else is here, so they cannot disagree. Whether it holds the batch is decided by finish-cleanse.

A column is `retyped` in a file when more than half of its readable rows cannot be read as the column's type,
and a required column is `removed` when every readable row lacks it, or the header does. A readable row is one
that the rules of the columns judged. The same is asked of the batch as a whole, which stands under no file.
Rows that come from quarantine prove nothing: only bad ones are kept there.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from jobs.cleanse.csv_records import HEADER_RULE, read_lacking
from jobs.cleanse.limits import MAX_SCHEMA_CHANGES, SCHEMA_SAMPLE_CHARACTERS
from jobs.cleanse.plan import Plan
from jobs.compiled import CompiledContract

# What the rules of the types are called; a test holds this to jobs.rules.
TYPE_RULES = (
    "not_a_number",
    "not_a_whole_number",
    "too_many_digits",
    "not_true_or_false",
    "not_a_date",
    "not_a_timestamp",
    "not_json",
    "not_a_text",
)
REMOVED, RETYPED = "removed", "retyped"
KINDS = {"str": "text", "int": "number", "float": "number", "bool": "true or false", "list": "list"}

# (input, rule) -> (rows that broke it, the first line; None where the file as a whole was refused).
Broken = dict[tuple[int, str], tuple[int, int | None]]
# [(input, line)] -> {(input, line): (detail, text)} of rejected rows.
Look = Callable[[list], dict]


@dataclass(frozen=True)
class _Change:
    place: int | None
    column: str
    change: str
    rows: int
    of: int
    example: tuple


def schema_changes(
    plan: Plan, contract: CompiledContract, counts: list, broken: Broken, look: Look
) -> list[dict]:
    """The changed columns as the report lists them: those of the batch first, then by rows and file."""
    facts, readable, details = _facts(plan, contract, counts, broken, look)
    found = [
        _Change(place, column, change, rows, readable[place], (place, line))
        for (place, column, change), (rows, line) in facts.items()
        if _proves(change, rows, readable[place])
    ]
    found = [*_of_batch(facts, readable), *found]
    found.sort(key=lambda one: (one.place is not None, -one.rows, one.place or 0, one.column))
    found = found[:MAX_SCHEMA_CHANGES]
    examples = sorted({one.example for one in found if one.change == RETYPED})
    texts = details | (look(examples) if examples else {})
    return [_entry(one, plan, contract, texts) for one in found]


def _facts(plan: Plan, contract: CompiledContract, counts: list, broken: Broken, look: Look) -> tuple:
    """Rows and first line by (input, column, change), and the readable rows of each input."""
    judged = {place for place, item in enumerate(plan.inputs) if not item.kept}
    rules = _rules(contract)
    readable = {place: counts[place].rows for place in judged}
    facts: dict = {}
    for (place, rule), (rows, line) in broken.items():
        if place in judged and rule in rules:
            known, first = facts.get((place, *rules[rule]), (0, line))
            facts[place, *rules[rule]] = (known + rows, min(first, line))
        elif place in judged and rule not in contract.rules:
            # These rows could not be read, and have this one reason only.
            readable[place] -= rows
    lacking = sorted(place for place, rule in broken if rule == HEADER_RULE and place in judged)
    details = look([(place, None) for place in lacking[:MAX_SCHEMA_CHANGES]]) if lacking else {}
    for (place, _), (detail, _) in details.items():
        columns, readable[place] = read_lacking(detail)
        facts |= {(place, column, REMOVED): (readable[place], None) for column in columns}
    return facts, readable, details


def _rules(contract: CompiledContract) -> dict[str, tuple[str, str]]:
    """The column that a rule is about, and what it says of it when whole files break it."""
    missing = {f"{name}_missing": (name, REMOVED) for name in contract.required}
    typed = {f"{name}_{rule}": (name, RETYPED) for name in contract.columns for rule in TYPE_RULES}
    return {rule: said for rule, said in (typed | missing).items() if rule in contract.rules}


def _proves(change: str, rows: int, of: int) -> bool:
    return 0 < of == rows if change == REMOVED else rows * 2 > of


def _of_batch(facts: dict, readable: dict) -> list[_Change]:
    of = sum(readable.values())
    rows: Counter = Counter()
    examples: dict = {}
    for (place, column, change), (broken, line) in sorted(facts.items(), key=lambda fact: fact[0]):
        rows[column, change] += broken
        examples.setdefault((column, change), (place, line))
    return [
        _Change(None, column, change, broken, of, examples[column, change])
        for (column, change), broken in rows.items()
        if _proves(change, broken, of)
    ]


def _entry(one: _Change, plan: Plan, contract: CompiledContract, texts: dict) -> dict:
    return {
        "file": None if one.place is None else plan.inputs[one.place].key,
        "column": one.column,
        "change": one.change,
        "expected": contract.types[one.column],
        "rows": one.rows,
        "of": one.of,
        "seen": _seen(one, contract, texts.get(one.example)) if one.change == RETYPED else None,
    }


def _seen(one: _Change, contract: CompiledContract, found: tuple | None) -> str | None:
    """What stands there, such as `text "n/a"`; of personal and nested data only what kind of value it is."""
    if found is None:
        return None
    try:
        value = json.loads(found[1]).get(one.column)
    except (ValueError, RecursionError, AttributeError):
        return None
    kind = KINDS.get(type(value).__name__, "object")
    if one.column in contract.classified or not isinstance(value, str | int | float):
        return kind
    text = json.dumps(value, ensure_ascii=False)
    short = text if len(text) <= SCHEMA_SAMPLE_CHARACTERS else text[: SCHEMA_SAMPLE_CHARACTERS - 3] + "..."
    return f"{kind} {short}"
