"""Small silver files of market_data, the same on every machine: each the output of one cleanse run."""

from pathlib import Path

FIRST_LANDING = "2026-01-05 00:00:00+00"
BASES = {"open": 90000, "high": 91000, "low": 89000, "close": 90500}


def generate(folder: Path, files: int, rows: int) -> list[Path]:
    """Writes `files` files of `rows` rows each; finished ones are kept, since the rows never change."""
    import duckdb

    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:05d}.parquet" for number in range(files)]
    for number, path in enumerate(paths):
        if not path.exists():
            part = path.with_suffix(".part")
            duckdb.execute(_file_sql(number, rows, part))
            part.rename(path)
    return paths


def _file_sql(number: int, rows: int, target: Path) -> str:
    prices = ", ".join(f"(10 + h % {base} / 100.0)::DECIMAL(18, 6) AS {name}" for name, base in BASES.items())
    return f"""
COPY (
  SELECT 'S' || lpad((k // 2500)::VARCHAR, 5, '0') AS symbol,
    DATE '2015-01-01' + (k % 2500)::INT AS price_date, {prices},
    10 + g % 90000 / 97.0 AS adjusted_close, (g % 500000000)::BIGINT AS volume, 'USD' AS currency,
    'source=market-data/year=2026/month=01/day=05/hour=00/run_id=x/{number}.json' AS _source_file,
    i AS _source_line, lpad('{number}', 26, '0') AS _run_id,
    TIMESTAMPTZ '{FIRST_LANDING}' + INTERVAL {number} SECOND AS _ingested_at
  FROM (SELECT i, {number} * {rows} + i AS k, hash({number} * {rows} + i) AS h,
    hash({number} * {rows} + i, 'more') AS g FROM range({rows}) t(i))
) TO '{target}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"""
