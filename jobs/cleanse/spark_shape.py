"""The cheap first test of the Spark engine: the shape of a batch's lines, learned from its first ones.

Lines of one producer look alike: the same members in the same order with the same blanks between them. From
that comes one pattern. A line that matches is an object of contract columns, each once, without escapes,
with values that mean what their characters say; so it may be cut at its quotes, where a JSON reader would
cost as much as everything else, and the pieces cast. Any other line goes to the exact rules, and so does a
typed row that breaks a rule. The test may doubt, it must never err.
"""

import re
from collections import defaultdict
from dataclasses import dataclass

from jobs.compiled import CompiledContract

# A text column with so few values in a sample of so many lines is taken to have no others; others take the
# exact rules.
FEW_VALUES, ENOUGH_LINES = 3, 50
# No escape, no control character, nothing that stands in for bytes that are no UTF-8, not starting like a
# nested value, no blank at either end.
TEXT = r'[^"\\\x00-\x20\uFFFD{\[](?:[^"\\\x00-\x1f\uFFFD]*+(?<!\x20))?+'
# Where the sample has no other texts: the same, tested by one table of characters.
SIMPLE = "".join(sorted(set(map(chr, range(0x21, 0x7F))) - set('"\\{[')))
SIMPLE_TEXT = "[" + "".join(char if char.isalnum() else "\\" + char for char in SIMPLE) + "]++"
# Digits without a leading zero.
WHOLE = "(?!0[0-9])[0-9]{1,%d}+"
DAY = "[1-9][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
# Where a day that does not exist would pass for a missing value, it must not match.
SAFE_DAY = "[1-9][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
TIME = f"[T ]{CLOCK}(?:[.][0-9]{{1,6}}+)?+(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])"
MEMBER = re.compile(r'"([a-z][a-z0-9_]*)"(: ?)("[^"\\]*"|[^\s",:{}\[\]]+)(, ?|\}$)')
SQL_TYPES = {"integer": "BIGINT", "json": "STRING"}


@dataclass(frozen=True)
class Member:
    """One member of a line: its name, the colon and the comma or brace around its value with their blanks,
    whether the value is quoted (else bare), and whether null may stand in its place.
    """

    name: str
    colon: str
    end: str
    quoted: bool
    nullable: bool


@dataclass(frozen=True)
class Shape:
    """The pattern of a line for Java's regular expressions, and its members in their order."""

    pattern: str
    members: tuple[Member, ...]


def sql_type(contract_type: str) -> str:
    """The Spark type of a contract type."""
    return SQL_TYPES.get(contract_type, contract_type.upper())


def check_sql(contract: CompiledContract) -> str:
    """What typed values must keep, over `c_<column>`."""
    return contract.sql["plain"]["check"].replace("TIMESTAMPTZ", "TIMESTAMP")


def learn_shape(lines: list[str], contract: CompiledContract) -> Shape | None:
    """The commonest shape among the first lines of a batch, or None: then every line takes the exact
    rules.
    """
    check = contract.sql["plain"]["check"]
    if "json" in contract.types.values() or "''" in check or "\\" in check:
        # Spark reads quotes and backslashes in texts in another way than the dialect of this check.
        return None
    samples = defaultdict(list)
    for line in lines:
        if members := _members_of(line, contract):
            frame = (
                tuple((match[1], match[2]) for match in members),
                members[0][4] if len(members) > 1 else ",",
            )
            samples[frame].append([match[3] for match in members])
    if not samples:
        return None
    (members, comma), rows = max(samples.items(), key=lambda item: len(item[1]))
    return _shape(members, comma, list(zip(*rows, strict=True)), contract)


def _members_of(line: str, contract: CompiledContract) -> list | None:
    found, position = [], 1
    while match := MEMBER.match(line, position):
        found.append(match)
        position = match.end()
    if not line.startswith("{") or not found or position != len(line):
        return None
    names, commas = [match[1] for match in found], {match[4] for match in found[:-1]}
    known = len(set(names)) == len(names) and set(contract.required) <= set(names) <= set(contract.columns)
    return found if known and len(commas) <= 1 else None


def _shape(members: tuple, comma: str, columns: list, contract: CompiledContract) -> Shape | None:
    parts, found = [], []
    for at, ((name, colon), values) in enumerate(zip(members, columns, strict=True)):
        given = [value for value in values if value != "null"]
        texts = [value for value in given if value.startswith('"')]
        # The commoner way counts: the sample may hold dirt too.
        quoted = contract.types[name] in ("string", "date", "timestamp") or 2 * len(texts) > len(given)
        given = texts if quoted else [value for value in given if not value.startswith('"')]
        value = _value_pattern(name, [value.strip('"') for value in given], contract)
        if value is None:
            return None
        value = f'"{value}"' if quoted else value
        # A missing value that the sample does not show takes the exact rules.
        nullable = name not in contract.required and "null" in values
        parts.append(f'"{name}"{colon}' + (f"(?:{value}|null)" if nullable else value))
        end = comma if at < len(members) - 1 else "}"
        found.append(Member(name, colon, end, quoted, nullable))
    return Shape(r"\A\{" + comma.join(parts) + r"\}\z", tuple(found))


def _value_pattern(name: str, given: list, contract: CompiledContract) -> str | None:
    kind = contract.types[name]
    if kind == "string":
        few = sorted(set(given))
        enough = len(given) >= ENOUGH_LINES and len(few) <= FEW_VALUES and name not in contract.key
        if enough and all(re.fullmatch(TEXT, text) for text in few):
            return f"(?:{'|'.join(re.escape(text) for text in few)})"
        return SIMPLE_TEXT if given and all(set(text) <= set(SIMPLE) for text in few) else TEXT
    # A sign that the sample does not show is rather a mistake: it takes the exact rules, which accept or
    # reject it.
    sign = "-?" if any(text.startswith("-") for text in given) else ""
    whole = sign + WHOLE
    if kind.startswith("decimal"):
        precision, scale = (int(part) for part in kind[8:-1].split(","))
        return f"{whole % (precision - scale)}(?:[.][0-9]{{1,{scale}}}+)?+"
    day = DAY if name in contract.required else SAFE_DAY
    patterns = {
        "integer": whole % 18,
        "double": whole % 18 + "(?:[.][0-9]{1,20}+)?+",
        "boolean": "(?:true|false)",
        "date": day,
        "timestamp": day + TIME,
    }
    return patterns.get(kind)
