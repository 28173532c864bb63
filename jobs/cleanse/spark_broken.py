"""Which rules the rejected rows of a batch broke, as the Spark engine knows it."""


def broken_rules(rejected) -> dict:
    """Rejected rows by input and broken rule, each with its first line; a row can break several."""
    each = rejected.selectExpr("place", "line", "EXPLODE(SPLIT(reasons, ',')) AS rule")
    found = each.groupBy("place", "rule").agg({"*": "count", "line": "min"}).collect()
    return {(row.place, row.rule): (row["count(1)"], row["min(line)"]) for row in found}


def look_at(rejected, wanted: list) -> dict:
    """Detail and text of rejected rows, by (input, line)."""
    named = [f"(place = {place} AND line <=> {line or 'NULL'})" for place, line in wanted]
    rows = rejected.where(" OR ".join(named)).collect()
    return {(row.place, row.line): (row.detail, row.raw) for row in rows}
