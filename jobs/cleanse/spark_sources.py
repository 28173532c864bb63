"""Texts and small tables that the driver hands to Spark's plans."""

import json


def quoted(text: str) -> str:
    """A Spark SQL string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def known_rows(spark, rows: list[tuple], schema: str):
    """A frame of rows that the driver knows, given as `name TYPE, ...` and plain values.

    They travel as one literal: a list given to Spark becomes a job of Python workers, which start first.
    """
    from pyspark.sql import functions as F

    names = [column.split()[0] for column in schema.split(", ")]
    text = json.dumps([dict(zip(names, row, strict=True)) for row in rows])
    read = F.from_json(F.lit(text), f"ARRAY<STRUCT<{schema.replace(' ', ': ').replace(',:', ',')}>>")
    return spark.range(0, 1, 1, 1).select(F.inline(read))
