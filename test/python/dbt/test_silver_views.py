"""Silver's view shows each row once while a compaction moves it, to Athena's engine and to DuckDB alike.

Both find the view in the catalog as the template makes it; the engine is a Trino on this Glue and S3.
"""

import base64
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import boto3
import duckdb
import pytest
from lake import Lake, price

from samples.servers.trino import Trino, serving
from samples.servers.trino_catalogs import on_glue
from test.acceptance.silver_view import read_view

# A Trino takes long to start.
pytestmark = pytest.mark.full

ROOT = Path(__file__).resolve().parents[3]
DATABASE, ENTITY, VIEW = "views_silver", "market_data", "market_data_rows"
DAYS = ("2026-01-02", "2026-01-05", "2026-01-06")
RUNS = ("m1", "m2", "m3")
ALL = len(DAYS) * len(RUNS)
LANDED = "2026-01-05 10:00:00+00"
SHOWN = "count(*) as total, count(distinct symbol || cast(price_date as varchar)) as different"
TURNS_MIN = 3
SECONDS_MAX = 120


@pytest.fixture(scope="module")
def silver(lake, aws_endpoint, aws_environment) -> Iterator[Lake]:
    """Three runs of a day, each with a file of its own, and the catalog as it is deployed."""
    patch = pytest.MonkeyPatch()
    for name, value in aws_environment.items():
        patch.setenv(name, value)
    for run in RUNS:
        lake.commit(ENTITY, run, [price(f"S-{run}", day, "10") for day in DAYS], LANDED)
    glue = boto3.client("glue")
    glue.create_database(DatabaseInput={"Name": DATABASE})
    for table in template_tables(lake.bucket("silver")):
        glue.create_table(DatabaseName=DATABASE, TableInput=table)
    table = glue.get_table(DatabaseName=DATABASE, Name=ENTITY)["Table"]
    location = f"{table['StorageDescriptor']['Location']}year=2026/month=01/day=05/"
    storage = {**table["StorageDescriptor"], "Location": location}
    day = {"Values": ["2026", "01", "05"], "StorageDescriptor": storage}
    glue.batch_create_partition(DatabaseName=DATABASE, TableName=ENTITY, PartitionInputList=[day])
    yield lake
    patch.undo()


@pytest.fixture(scope="module")
def trino(silver, aws_endpoint, tmp_path_factory) -> Iterator[Trino]:
    with serving(tmp_path_factory.mktemp("trino"), on_glue(aws_endpoint)) as running:
        yield running


def template_tables(bucket: str) -> list[dict]:
    """The inputs of the entity's table and view, with CloudFormation's functions carried out."""
    made = "console.log(JSON.stringify(require('./infra/silver-tables.cjs').Resources))"
    text = subprocess.run(["node", "-e", made], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    given = {"SilverDatabase": DATABASE, "SilverBucket": bucket}
    resources = [json.loads(text)[f"SilverMarketData{kind}"] for kind in ("Table", "View")]
    return [resolved(resource["Properties"]["TableInput"], given) for resource in resources]


def resolved(value, given: dict[str, str]):
    """A piece of a template without Fn::Sub and Fn::Base64."""
    if isinstance(value, list):
        return [resolved(one, given) for one in value]
    if not isinstance(value, dict):
        return value
    if "Fn::Base64" in value:
        return base64.b64encode(resolved(value["Fn::Base64"], given).encode()).decode()
    if "Fn::Sub" in value:
        text, more = value["Fn::Sub"], {}
        if isinstance(text, list):
            text, more = text[0], {name: resolved(one, given) for name, one in text[1].items()}
        return re.sub(r"\$\{(\w+)\}", lambda name: {**given, **more}[name[1]], text)
    return {name: resolved(one, given) for name, one in value.items()}


def polled(read: Callable[[], object], over: Event) -> list:
    """Every answer until it is over, and some in any case."""
    seen = []
    while not over.is_set() or len(seen) < TURNS_MIN:
        seen.append(read())
    return seen


def counts(trino: Trino, relation: str, rest: str = "") -> list[list]:
    """The rows, and how many of them differ in their key."""
    return trino.run(f"select {SHOWN} from {DATABASE}.{relation} {rest}")


def test_readers_see_each_row_once_throughout_a_compaction(silver, trino):
    over, glue = Event(), boto3.client("glue")
    once = {"total": ALL, "different": ALL}
    assert read_view(glue, DATABASE, VIEW, SHOWN) == [once]
    with ThreadPoolExecutor(2) as pool:
        readers = [
            pool.submit(polled, lambda: counts(trino, VIEW), over),
            pool.submit(polled, lambda: read_view(glue, DATABASE, VIEW, SHOWN), over),
        ]
        try:
            put_together(silver)
            # The grace begins: whoever reads the folder has everything twice.
            assert counts(trino, ENTITY) == [[2 * ALL, ALL]]
            assert [counts(trino, VIEW) for _ in range(TURNS_MIN)] == [[[ALL, ALL]]] * TURNS_MIN
        finally:
            over.set()
        by_trino, by_duckdb = (reader.result(SECONDS_MAX) for reader in readers)
    assert [answer for answer in by_trino if answer != [[ALL, ALL]]] == []
    assert [answer for answer in by_duckdb if answer != [once]] == []
    for key in (key for key in silver.keys("silver") if "together" not in key):
        silver.s3.delete_object(Bucket=silver.bucket("silver"), Key=key)
    assert counts(trino, VIEW) == counts(trino, ENTITY) == [[ALL, ALL]]
    assert read_view(glue, DATABASE, VIEW, SHOWN) == [once]


def test_a_view_has_the_columns_of_its_table_and_a_filter_on_days_reaches_it(silver, trino):
    names = [row[0] for row in trino.run(f"describe {DATABASE}.{VIEW}")]
    assert names == [row[0] for row in trino.run(f"describe {DATABASE}.{ENTITY}")]
    assert counts(trino, VIEW, "where day = '06'") == [[0, 0]]
    (plan,) = trino.run(f"explain (type io) select * from {DATABASE}.{VIEW} where day = '05'")[0]
    assert '"columnName" : "day"' in plan, plan


def put_together(lake: Lake) -> None:
    """What a compaction does to the folder: one more file with the rows of all, under a key of its own."""
    bucket, folder = lake.bucket("silver"), lake.folder / "together"
    folder.mkdir()
    keys = lake.keys("silver")
    for number, key in enumerate(keys):
        lake.s3.download_file(bucket, key, str(folder / f"{number}.parquet"))
    together = lake.folder / "together.parquet"
    duckdb.execute(f"copy (select * from '{folder}/*.parquet') to '{together}' (format parquet)")
    lake.s3.upload_file(str(together), bucket, f"{keys[0].rsplit('/', 1)[0]}/{ENTITY}_together-0.parquet")
