"""RAW tables of a test's lake, filled as a loader fills them, and builds of the lane that reads them."""

from pathlib import Path

import duckdb
from lake import Lake, Task

from samples.raw_tables import write_parquet

ORDER = ["staging.stg_google_ads*", "staging.stg_facebook_ads*", "fct_campaign_performance+", "metrics.*"]


class RawLoads:
    """The folder `raw/` of a lake, and the lane marketing."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake

    def load(self, folder: Path) -> None:
        """Adds one Parquet file to a table for each of its NDJSON files, `<table>-<n>`."""
        for path in sorted(folder.glob("*.ndjson")):
            parquet = self.lake.folder / "raw.parquet"
            with duckdb.connect() as connection:
                connection.execute("set TimeZone = 'UTC'")
                write_parquet(connection, path, parquet)
            table, _, number = path.stem.rpartition("-")
            key = f"raw/{table}/{folder.name}-{number}.parquet"
            self.lake.s3.upload_file(str(parquet), self.lake.bucket("silver"), key)

    def build(self, **changes) -> Task:
        """One build of marketing in the order of its sources."""
        given = {
            **{"lane": "marketing", "domains": ["marketing"], "silver": {}, "order": [ORDER]},
            **{"selectors": ORDER, "refresh_columns": ["_airbyte_extracted_at"]},
            **{"raw_uri": f"s3://{self.lake.bucket('silver')}/raw", **changes},
        }
        return self.lake.build(**given)
