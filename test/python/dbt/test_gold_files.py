"""An edition's files: months that did not change are copied from the one before, the others are written."""

import hashlib
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from containers.dbt.gold_files import Exporter, exporting, remember, remembered
from containers.dbt.gold_months import Export
from containers.dbt.gold_write import READS_MAX, reads_of_a_row_group
from jobs.task.storage import Storage

HOME = "s3://gold/domain=d/dataset=sales/version=1/"
# Two months of 2025, one of 2026: days, with two sales each.
DAYS = ("2025-11-03", "2025-12-31", "2026-01-01")


class Bucket:
    """S3 as an export uses it, in memory."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.calls: Counter[str] = Counter()

    def put(self, path: Path, uri: str) -> str:
        self.calls["put"] += 1
        self.objects[uri] = path.read_bytes()
        return self.etag(uri)

    def copy(self, source: str, target: str, etag: str) -> str | None:
        self.calls["copy"] += 1
        if source not in self.objects or self.etag(source) != etag:
            return None
        self.objects[target] = self.objects[source]
        return self.etag(target)

    def etag(self, uri: str) -> str:
        return hashlib.md5(self.objects[uri]).hexdigest()


class Mart:
    """A mart whose editions are exported one after another."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bucket, self.connection = folder, Bucket(), duckdb.connect()
        self.connection.execute("create schema sluice")
        self.connection.execute("create table sales (sold_on date, shop varchar, amount decimal(9,2))")
        for day in DAYS:
            self.connection.execute(f"insert into sales values ('{day}', 'a', 1), ('{day}', 'b', 2)")

    def edition(self, name: str) -> tuple[set[str], set[str]]:
        """Exports; answers the months that were copied, and those that were written."""
        export = Export("sales", "sales", "sold_on", f"{HOME}edition={name}/", HOME)
        with exporting() as pool:
            exporter = Exporter(self.connection, self.bucket, self.folder, pool, remembered(self.connection))
            copied, written = exporter.export(export)
        remember(self.connection, [*copied, *written])
        return tuple(
            {file.partition.replace("/month=", "-").removeprefix("year=") for file in files}
            for files in (copied, written)
        )

    def rows(self, edition: str) -> list[tuple]:
        """What a reader of the edition's folder finds, by the files that the export tells of."""
        found = []
        for file in remembered(self.connection):
            assert file.uri.startswith(f"{HOME}edition={edition}/{file.partition}/")
            path = self.folder / "read.parquet"
            path.write_bytes(self.bucket.objects[file.uri])
            found += duckdb.sql(f"select * from '{path}'").fetchall()
            assert file.bytes == path.stat().st_size
        return sorted(found, key=str)

    def run(self, sql: str) -> None:
        self.connection.execute(sql)

    def expected(self) -> list[tuple]:
        return sorted(self.connection.execute("from sales").fetchall(), key=str)


@pytest.fixture
def mart(tmp_path) -> Mart:
    return Mart(tmp_path)


ALL = {"2025-11", "2025-12", "2026-01"}


def test_a_first_edition_is_written_with_one_file_and_one_call_a_month(mart):
    assert mart.edition("e1") == (set(), ALL)
    assert mart.bucket.objects.keys() == {
        f"{HOME}edition=e1/year={month[:4]}/month={month[5:]}/sales_0.parquet" for month in ALL
    }
    assert mart.bucket.calls == {"put": 3}
    assert mart.rows("e1") == mart.expected()


@pytest.mark.parametrize(
    ("change", "written"),
    [
        ("insert into sales values ('2026-02-01', 'a', 1)", {"2026-02"}),
        ("update sales set amount = 9 where sold_on = '2025-12-31' and shop = 'a'", {"2025-12"}),
        ("update sales set shop = 'c' where shop = 'a' and year(sold_on) = 2025", {"2025-11", "2025-12"}),
        ("update sales set shop = 'c' where shop = 'a' and month(sold_on) < 12", {"2025-11", "2026-01"}),
        ("delete from sales where sold_on = '2025-11-03' and shop = 'a'", {"2025-11"}),
        ("insert into sales from sales where sold_on = '2026-01-01'", {"2026-01"}),
        ("update sales set amount = 3 - amount where sold_on = '2026-01-01'", {"2026-01"}),
        ("update sales set amount = null where sold_on = '2025-12-31'", {"2025-12"}),
    ],
    ids=[
        "a new month",
        "a value",
        "two months",
        "two months apart",
        "a row gone",
        "rows twice",
        "values exchanged",
        "null",
    ],
)
def test_only_what_changed_is_written(mart, change, written):
    mart.edition("e1")
    mart.run(change)
    assert mart.edition("e2") == (ALL - written, written)
    assert mart.rows("e2") == mart.expected()


@pytest.mark.parametrize("by_month", [True, False], ids=["stored by month", "mixed"])
def test_each_month_is_one_whole_file_however_the_mart_is_stored(mart, by_month):
    """Three row groups: each holds two or three of the six months, or each of them all."""
    order = "sold_on" if by_month else "shop"
    day = "date '2025-01-01' + (i % 180)::int as sold_on"
    mart.run("set threads = 2")
    rows = f"select {day}, i::varchar as shop, i / 100 as amount from range(250000) as many(i)"
    mart.run(f"create or replace table sales as from ({rows}) order by {order}")
    export = Export("sales", "sales", "sold_on", HOME, HOME)
    assert (reads_of_a_row_group(mart.connection, export) <= READS_MAX) == by_month
    mart.edition("e1")
    assert mart.bucket.calls == {"put": 6}
    for file in remembered(mart.connection):
        path = mart.folder / f"{file.rows}.parquet"
        path.write_bytes(mart.bucket.objects[file.uri])
        month = int(file.partition[-2:])
        query = "select count(*), sum(hash(sold_on, shop, amount)) from {} where month(sold_on) = {}"
        found = duckdb.sql(query.format(f"'{path}'", month)).fetchone()
        assert found == mart.connection.sql(query.format("sales", month)).fetchone()
        assert found[0] == file.rows
    assert sum(file.rows for file in remembered(mart.connection)) == 250_000
    assert mart.connection.execute("select current_setting('threads')").fetchone() == (2,)


def test_a_month_that_is_gone_is_in_no_later_edition(mart):
    mart.edition("e1")
    mart.run("delete from sales where year(sold_on) = 2026")
    assert mart.edition("e2") == (ALL - {"2026-01"}, set())
    assert mart.rows("e2") == mart.expected()


def test_another_order_of_the_rows_is_no_change(mart):
    mart.edition("e1")
    mart.run("create or replace table sales as from sales order by shop desc, sold_on")
    assert mart.edition("e2") == (ALL, set())


@pytest.mark.parametrize(
    "change",
    ["alter table sales rename column amount to price", "alter table sales alter amount type decimal(12,2)"],
)
def test_a_column_of_another_name_or_type_writes_every_month(mart, change):
    mart.edition("e1")
    mart.run(change)
    assert mart.edition("e2") == (set(), ALL)


def test_what_is_gone_or_was_changed_since_is_written_anew(mart):
    mart.edition("e1")
    for month in ("2025/month=11", "2025/month=12"):
        mart.bucket.objects.pop(f"{HOME}edition=e1/year={month}/sales_0.parquet")
    mart.bucket.objects[f"{HOME}edition=e1/year=2026/month=01/sales_0.parquet"] = b"other"
    assert mart.edition("e2") == (set(), ALL)
    assert mart.rows("e2") == mart.expected()


def test_a_month_of_which_one_file_is_gone_is_written_whole(mart):
    mart.edition("e1")
    mart.run("update sluice.gold_files set rows = 1 where partition = 'year=2026/month=01'")
    other = "replace(uri, '_0', '_1') as uri"
    mart.run(
        f"insert into sluice.gold_files select * replace ({other}) from sluice.gold_files where rows = 1"
    )
    assert mart.edition("e2") == (ALL - {"2026-01"}, {"2026-01"})
    assert mart.rows("e2") == mart.expected()


def test_a_file_that_lacks_rows_is_not_copied(mart):
    mart.edition("e1")
    mart.run("update sluice.gold_files set rows = 1 where partition = 'year=2026/month=01'")
    assert mart.edition("e2") == (ALL - {"2026-01"}, {"2026-01"})


def test_rows_without_a_date_are_exported_and_copied_too(mart):
    nowhere = "__HIVE_DEFAULT_PARTITION__-__HIVE_DEFAULT_PARTITION__"
    mart.edition("e1")
    mart.run("insert into sales values (null, 'a', 1)")
    assert mart.edition("e2") == (ALL, {nowhere})
    assert mart.edition("e3") == (ALL | {nowhere}, set())
    assert mart.rows("e3") == mart.expected()


def test_an_empty_mart_has_no_files(mart):
    mart.run("delete from sales")
    assert mart.edition("e1") == (set(), set())
    assert mart.bucket.objects == {}


def test_storage_copies_exactly_the_object_that_is_meant(lake):
    storage, bucket = Storage(lake.s3), lake.bucket("gold")
    path = lake.folder / "some"
    path.write_bytes(b"some")
    etag = storage.put(path, f"s3://{bucket}/some")
    assert storage.copy(f"s3://{bucket}/some", f"s3://{bucket}/copy", etag) == etag
    assert lake.s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == b"some"
    assert storage.copy(f"s3://{bucket}/some", f"s3://{bucket}/copy", '"other"') is None
    assert storage.copy(f"s3://{bucket}/nothing", f"s3://{bucket}/copy", etag) is None
