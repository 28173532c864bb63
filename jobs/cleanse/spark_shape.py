"""The cheap first test of the Spark engine: the shape of a batch's lines, learned from its first ones.

Lines of one producer look alike: the same members in the same order with the same blanks between them. From that
comes one pattern; a line that matches is cut at its commas, and each piece holds one value as text that needs no
guard any more: its cast is the one that the exact rules would make. If a value then breaks a rule, or a line does
not match, the exact rules decide. The test may doubt, it must never err.
"""

import re
from collections import Counter
from dataclasses import dataclass

from jobs.compiled import CompiledContract

SAMPLE_LINES = 200
# No escape, no comma, no control character, not starting like a nested value, no blank at either end.
TEXT = r'[^"\\,\x00-\x20{\[](?:[^"\\,\x00-\x1f]*+(?<!\x20))?+'
DAY = "[1-9][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
# Where a day that does not exist would pass for a missing value, it must not match.
SAFE_DAY = "[1-9][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
TIME = r"[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.][0-9]{1,6}+)?+(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])"
MEMBER = re.compile(r'"([a-z][a-z0-9_]*)"(: ?)("[^"\\,]*"|[^\s",:{}\[\]]+)(, ?|\}$)')
SQL_TYPES = {"integer": "BIGINT", "json": "STRING"}


@dataclass(frozen=True)
class Shape:
    """How lines look: (name, quoted) of each member in order, and what stands between names, values, members."""

    members: tuple
    colon: str
    comma: str


def sql_type(contract_type: str) -> str:
    """The Spark type of a contract type."""
    return SQL_TYPES.get(contract_type, contract_type.upper())


def learn_shape(lines: list[str], contract: CompiledContract) -> Shape | None:
    """The commonest shape among the first lines of a batch, or None: then every line takes the exact rules."""
    check = contract.sql["plain"]["check"]
    if "json" in contract.types.values() or "''" in check or "\\" in check:
        # Spark reads quotes and backslashes in texts in another way than the dialect of this check.
        return None
    seen = Counter(filter(None, (_shape_of(line, contract) for line in lines[:SAMPLE_LINES])))
    return seen.most_common(1)[0][0] if seen else None


def _shape_of(line: str, contract: CompiledContract) -> Shape | None:
    if not line.startswith("{"):
        return None
    found, position = [], 1
    while match := MEMBER.match(line, position):
        found.append(match)
        position = match.end()
    if not found or position != len(line):
        return None
    names = [match[1] for match in found]
    colons, commas = {match[2] for match in found}, {match[4] for match in found[:-1]} or {","}
    known = len(set(names)) == len(names) and set(contract.required) <= set(names) <= set(contract.columns)
    if not known or len(colons) + len(commas) != 2 or any(match[3] == "null" for match in found):
        return None
    members = tuple((match[1], match[3].startswith('"')) for match in found)
    return Shape(members, colons.pop(), commas.pop())


def shape_pattern(shape: Shape, contract: CompiledContract) -> str | None:
    """The pattern of a line of this shape for Java's regular expressions; None when a type admits none."""
    members = []
    for name, quoted in shape.members:
        required = name in contract.required
        value = _value_pattern(contract.types[name], required)
        if value is None:
            return None
        value = f'"{value}"' if quoted else value
        members.append(f'"{name}"{shape.colon}' + (value if required else f"(?:{value}|null)"))
    return r"\A\{" + shape.comma.join(members) + r"\}\z"


def _value_pattern(contract_type: str, required: bool) -> str | None:
    whole = "-?(?:[1-9][0-9]{0,%d}+|0)"
    day = DAY if required else SAFE_DAY
    if contract_type.startswith("decimal"):
        precision, scale = (int(part) for part in contract_type[8:-1].split(","))
        return whole % (precision - scale - 1) + "(?:[.][0-9]{1,%d}+)?+" % scale
    patterns = {
        "string": TEXT,
        "integer": whole % 17,
        "double": whole % 17 + "(?:[.][0-9]{1,20}+)?+",
        "boolean": "(?:true|false)",
        "date": day,
        "timestamp": day + TIME,
    }
    return patterns.get(contract_type)


def piece_values(shape: Shape, contract: CompiledContract) -> dict[str, str]:
    """SQL of each column's typed value over `pieces`, the parts of a matching line between its commas."""
    values = {name: f"CAST(NULL AS {sql_type(contract.types[name])})" for name in contract.columns}
    last = len(shape.members) - 1
    for place, (name, quoted) in enumerate(shape.members):
        before = len("{" if place == 0 else shape.comma[1:]) + len(name) + 2 + len(shape.colon) + quoted
        after = (1 if place == last else 0) + quoted
        piece = f"pieces[{place}]"
        text = f"SUBSTRING({piece}, {before + 1}, LENGTH({piece}) - {before + after})"
        if quoted and name not in contract.required:
            text = f"CASE WHEN SUBSTRING({piece}, {before}, 1) = '\"' THEN {text} END"
        kind = sql_type(contract.types[name])
        values[name] = text if kind == "STRING" else f"CAST({text} AS {kind})"
    return values
