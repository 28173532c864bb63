"""Expressions that DynamoDB refuses and the emulator takes; and queries that stay quick on a long past.

Sources, below https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/:
Expressions.UpdateExpressions.html, Query.FilterExpression.html (no key attributes in a filter),
ServiceQuotas.html (IN takes at most 100 operands).
"""

import operator
import re
from functools import lru_cache

IN_OPERANDS_MAX = 100
_CLAUSE = re.compile(r"\b(SET|REMOVE|ADD|DELETE)\b", re.IGNORECASE)
_NAME = re.compile(r"#\w+|(?<![:#\w])[A-Za-z_]\w*")
_PLAIN = re.compile(r"(#?\w+)\s*(<=|>=|<|>|=)\s*(:\w+)")
_COMPARED = {"=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_IN = re.compile(r"\bIN\s*\(([^)]*)\)", re.IGNORECASE)


def apply(parts) -> None:
    """Check requests before the emulator sees them."""
    from ministack.core.responses import error_response_json
    from ministack.services import dynamodb

    def checked(original, problem):
        def handle(data: dict):
            words = problem(dynamodb, data)
            return error_response_json("ValidationException", words, 400) if words else original(data)

        return handle

    dynamodb._update_item = checked(dynamodb._update_item, lambda _, data: overlap(data))
    dynamodb._query = checked(dynamodb._query, query_problem)
    dynamodb._evaluate_condition = _key_condition(dynamodb._evaluate_condition)
    dynamodb._condition_syntax_error = lru_cache(maxsize=1_000)(dynamodb._condition_syntax_error)
    dynamodb._transact_write_items = checked(dynamodb._transact_write_items, _transaction_problem)


def overlap(data: dict) -> str:
    """The refusal of an UpdateExpression that names a path twice, or it and its parent; "" when fine."""
    names = data.get("ExpressionAttributeNames") or {}
    paths = [_resolved(path, names) for path in _updated_paths(data.get("UpdateExpression") or "")]
    for index, one in enumerate(paths):
        for other in paths[:index]:
            shorter = min(len(one), len(other))
            if one[:shorter] == other[:shorter]:
                return (
                    "Invalid UpdateExpression: Two document paths overlap with each other; "
                    f"must remove or rewrite one of these paths; path one: {other}, path two: {one}"
                )
    return ""


def query_problem(dynamodb, data: dict) -> str:
    """The refusal of a Query's filter over key attributes or over too many operands; "" when it is fine."""
    text, names = data.get("FilterExpression") or "", data.get("ExpressionAttributeNames") or {}
    if any(found.count(",") + 1 > IN_OPERANDS_MAX for found in _IN.findall(text)):
        return f"Invalid FilterExpression: IN has too many operands; at most {IN_OPERANDS_MAX}"
    table = dynamodb._tables.get(dynamodb._normalize_table_name(data.get("TableName"))) if text else None
    if not table:
        return ""
    indexes = [*(table.get("GlobalSecondaryIndexes") or []), *(table.get("LocalSecondaryIndexes") or [])]
    schema = next(
        (index["KeySchema"] for index in indexes if index["IndexName"] == data.get("IndexName")),
        table["KeySchema"],
    )
    for key in (part["AttributeName"] for part in schema):
        if key in {names.get(name, name) for name in _NAME.findall(text)}:
            return (
                "Invalid FilterExpression: Filter Expression can only contain non-primary key attributes: "
                f"Primary key attribute: {key}"
            )
    return ""


def _transaction_problem(_dynamodb, data: dict) -> str:
    updates = (item.get("Update") or {} for item in data.get("TransactItems") or [])
    return next(filter(None, map(overlap, updates)), "")


def _updated_paths(expression: str) -> list[str]:
    pieces = _CLAUSE.split(expression)
    found = []
    for clause, body in zip(pieces[1::2], pieces[2::2], strict=True):
        for part in _split(body):
            found.append(part.split("=")[0] if clause.upper() == "SET" else part.split()[0])
    return found


def _split(body: str) -> list[str]:
    """Split at the commas outside parentheses."""
    parts, depth = [""], 0
    for letter in body:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def _resolved(path: str, names: dict[str, str]) -> list[str]:
    return [names.get(step, step) for step in re.findall(r"[#\w]+", path)]


def _key_condition(evaluate):
    """The same answer as the emulator's, without parsing a plain key condition again for every item.

    A query of an index looks at each item of its partition, of which a long past has 100,000.
    """

    def evaluate_condition(expr, item, values, names, slot="ConditionExpression"):
        plain = _plain_key_condition(expr or "") if slot == "KeyConditionExpression" else None
        if plain is None:
            return evaluate(expr, item, values, names, slot)
        for name, sign, reference in plain:
            found = item.get((names or {}).get(name, name), {}).get("S")
            wanted = values.get(reference, {}).get("S")
            if found is None or wanted is None:
                return evaluate(expr, item, values, names, slot)
            if not _COMPARED[sign](found, wanted):
                return False
        return True

    return evaluate_condition


@lru_cache(maxsize=1_000)
def _plain_key_condition(expr: str) -> tuple[tuple[str, str, str], ...] | None:
    clauses = [_PLAIN.fullmatch(clause) for clause in re.split(r"\s+AND\s+", expr.strip())]
    return tuple(one.groups() for one in clauses) if all(clauses) and len(clauses) <= 2 else None
