"""Rejected rows as inputs of a later plan, as the stage that puts them back lists them."""

from cleanse_lake import BUCKETS


def rejected_inputs(report: dict, landed_at: str = "2026-11-22T08:00:00Z") -> list[dict]:
    """The quarantine objects of a report as inputs; `landed_at` is that of the run, not of the rows."""
    return [
        {
            **{"kind": "rejected", "bucket": BUCKETS["quarantine"], "key": item["key"], "version_id": None},
            **{"bytes": item["bytes"], "landed_at": landed_at, "source": "", "of_run": report["run_id"]},
        }
        for item in report["quarantine"]
    ]
