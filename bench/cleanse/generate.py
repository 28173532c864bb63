"""Daily prices, the same on every machine: 1 % of the lines bad, 2 % repeating an earlier key."""

from pathlib import Path

DAYS_PER_SYMBOL = 2500
BAD_ONE_IN = 100
REPEATED_PER_THOUSAND = 20
# How the bad lines go wrong, one kind after the other. Every change is made to the text of a good line.
BAD_KINDS = (
    ('"open":', '"open":"abc","was":'),
    ('"close":', '"close":-'),
    ('"close":', '"close":NaN,"was":'),
    ('"symbol":"', '"symbol":"","was":"'),
    ('"price_date":"', '"price_date":"31/'),
    ('"currency":"USD"', '"currency":"XXX"'),
    ('"volume":', '"volume":{"amount":'),
    ('"high":', '"high":1e9999,"was":'),
)


def generate(path: Path, rows: int) -> None:
    """Writes `rows` lines of market_data; a finished file is kept, since the rows never change."""
    import duckdb

    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    kinds = " ".join(
        f"WHEN {place} THEN replace(line, '{good}', '{bad}')" for place, (good, bad) in enumerate(BAD_KINDS)
    )
    duckdb.execute(
        f"""
COPY (
  SELECT CASE WHEN hash(i, 'bad') % {BAD_ONE_IN} = 0
    THEN CASE hash(i, 'kind') % {len(BAD_KINDS)} {kinds} END ELSE line END
  FROM (SELECT i, {_line()} AS line FROM (
    SELECT i, hash(i) AS h, hash(i, 'more') AS g,
      CASE WHEN hash(i, 'repeat') % 1000 < {REPEATED_PER_THOUSAND} AND i > 0
        THEN i - 1 - (hash(i, 'back') % least(i, 1000))::BIGINT ELSE i END AS k
    FROM range({rows}) t(i)))
  ORDER BY i
) TO '{part}' (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER E'\\x01')"""
    )
    part.rename(path)


def _line() -> str:
    cents = "(10 + h % {} / 100.0)::DECIMAL(10, 2)"
    parts = {
        "symbol": f"'\"S' || lpad((k // {DAYS_PER_SYMBOL})::VARCHAR, 5, '0') || '\"'",
        "price_date": f"'\"' || (DATE '2015-01-01' + (k % {DAYS_PER_SYMBOL})::INT)::VARCHAR || '\"'",
        "open": cents.format(90000),
        "high": cents.format(91000),
        "low": cents.format(89000),
        "close": cents.format(90500),
        "adjusted_close": "printf('%.10f', 10 + g % 90000 / 97.0)",
        "volume": "g % 500000000",
        "currency": "'\"USD\"'",
    }
    members = " || ',' || ".join(f"'\"{name}\":' || {value}" for name, value in parts.items())
    return f"'{{' || {members} || '}}'"
