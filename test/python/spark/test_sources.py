"""What the driver knows reaches Spark's plans as it is."""


def test_rows_of_the_driver_come_as_they_are(spark):
    from jobs.cleanse.spark_sources import known_rows

    rows = [(0, 'it\'s \\ "q" ${spark.app.name} é \U0001f600 a,b: c', None), (7, "", "2026-01-05T00:00:00Z")]
    found = known_rows(spark, rows, "place INT, key STRING, landed STRING")
    assert found.dtypes == [("place", "int"), ("key", "string"), ("landed", "string")]
    assert [tuple(row) for row in found.collect()] == rows


def test_a_quoted_text_is_that_text_to_spark(spark):
    from jobs.cleanse.spark_sources import quoted

    text = r"""a 'b' \A\{"x" ?\\ \u0041 é"""
    assert spark.range(1).selectExpr(f"{quoted(text)} AS text").first().text == text
