"""What an export costs beside a plain COPY of the same rows, and what the next one costs when little changed.

CPU seconds of this process with all its threads, so that a busy machine tells nearly the same.
"""

import time
from types import SimpleNamespace

import duckdb
import pytest
from test_plan import plan

from containers.dbt import gold
from containers.dbt.graph import dataset_models
from containers.dbt.plan import parse_plan
from containers.dbt.s3_access import load_s3
from jobs.task.storage import Storage

pytestmark = pytest.mark.full

# Of DuckDB's own write by month of the same rows; and of the first edition, when one of its months changed.
BY_MONTH_MAX, MONTH_MAX = 1.75, 0.4
PLAIN_MAX = 1.5
MONTHS, ACCOUNTS = 34, 2_400
# An account after the other, each day of it with figures of its own, stored as dbt stores every dataset.
ROWS = f"""
    select
        'ACC-' || account as account_id,
        date '2022-01-03' + day::int as summary_date,
        (account % 5 + 1)::int as position_count,
        0 as unpriced_position_count,
        (account * 37 + hash(account, day) % 1000000 / 97.0)::decimal(28, 6) as market_value,
        (account * 31 + day // 40 * 17.5)::decimal(28, 6) as cost_basis,
        (day // 40 * 3.25)::decimal(28, 6) as realized_pnl,
        if(day % 40 = 0, 3.25, 0)::decimal(28, 6) as realized_pnl_of_day,
        (market_value - cost_basis)::decimal(28, 6) as unrealized_pnl,
        if(day % 40 = 0, 17.5, 0)::decimal(28, 6) as net_invested,
        (hash(day, account) % 1000 / 1e5)::decimal(28, 10) as daily_return
    from range({ACCOUNTS}) as accounts(account), range({MONTHS} * 30) as days(day)
    order by account, day"""
BY_MONTH = f"select * from ({ROWS}) order by date_trunc('month', summary_date)"
ROUNDS = 3


class Exports:
    """Editions of one large mart, one after another, and copies of it by DuckDB alone."""

    def __init__(self, lake, manifest, patch: pytest.MonkeyPatch) -> None:
        self.lake = lake
        self.project = SimpleNamespace(manifest=manifest, working_directory=lake.folder)
        access = {"AWS_ENDPOINT_URL": lake.endpoint, "AWS_REGION": "us-east-1"}
        access |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test-secret"}
        for name, value in access.items():
            patch.setenv(name, value)
        self.connection = duckdb.connect(str(lake.folder / "lake.duckdb"))
        self.connection.execute("set threads = 2")
        load_s3(self.connection)
        self.connection.execute("create schema sluice")
        self.connection.execute(f"create table daily_portfolio_summary as {BY_MONTH}")
        self.run("checkpoint")

    def run(self, sql: str) -> float:
        """CPU seconds of a statement."""
        before = time.process_time()
        self.connection.execute(sql)
        return time.process_time() - before

    def copy(self, name: str, select: str = "*", options: str = "") -> float:
        """Writes the mart by DuckDB alone, as a task would."""
        self.connection.execute("set preserve_insertion_order = false")
        uri = f"s3://{self.lake.bucket('gold')}/{name}"
        query = f"select {select} from daily_portfolio_summary"
        return self.run(f"copy ({query}) to '{uri}' (format parquet, compression zstd{options})")

    def edition(self, name: str) -> float:
        """Exports and reconciles, as a build does."""
        parsed = parse_plan(plan(domains=["finance"], edition=name, gold_bucket=self.lake.bucket("gold")))
        assert [model.name for model in dataset_models(self.project.manifest, ("finance",))] == [
            "daily_portfolio_summary"
        ]
        before = time.process_time()
        gold.export_edition(self.connection, Storage(self.lake.s3), self.project, parsed)
        (self.dataset,) = gold.reconcile_edition(self.connection, self.project, parsed)
        return time.process_time() - before


@pytest.fixture(scope="module")
def exports(lake, manifest):
    with pytest.MonkeyPatch.context() as patch:
        made = Exports(lake, manifest, patch)
        yield made
        made.connection.close()


@pytest.fixture(scope="module")
def cost(exports) -> dict[str, float]:
    """CPU seconds of DuckDB's copies of the mart and of editions, one after another."""
    month = "year(summary_date) * 100 + month(summary_date) as month"
    exports.copy("warm.parquet")
    rounds = []
    for number in range(ROUNDS):
        plain = exports.copy("plain.parquet")
        exports.run("drop table if exists sluice.gold_files")
        first = exports.edition(f"first-{number}")
        rounds.append({"plain": plain, "first": first})
    # What a busy machine adds is no cost of the export's.
    found = {name: min(of[name] for of in rounds) for name in ("plain", "first")}
    found["by month"] = exports.copy("bare", f"*, {month}", ", partition_by (month)")
    found["same"] = exports.edition("same-1")
    exports.run("update daily_portfolio_summary set market_value = 1 where summary_date = '2024-02-29'")
    found["one month"] = exports.edition("changed-1")
    rows, files = exports.dataset["rows"], len(exports.dataset["files"])
    print(f"CPU seconds for {rows} rows in {files} files: {found}, of {rounds}")
    return found


def test_an_export_costs_what_duckdb_needs_to_write_by_month(cost):
    assert cost["first"] / cost["by month"] <= BY_MONTH_MAX


def test_the_next_export_costs_what_changed(cost):
    assert cost["same"] <= cost["one month"] <= MONTH_MAX * cost["first"]


def test_a_first_export_costs_hardly_more_than_a_plain_copy(cost):
    assert cost["first"] / cost["plain"] <= PLAIN_MAX
