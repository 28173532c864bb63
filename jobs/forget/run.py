"""A deletion request as a job: finds the subject's rows, writes the files anew without them, and proves it.

A file keeps its key, so no list of files changes, in the ledger or in a database that remembers them. Writing
it again is one put: a reader sees the old file or the new one, and a repeat after a crash finds what is left.
"""

import time

from jobs.cleanse.attempt import check_run, reported, workspace
from jobs.cleanse.log import Log
from jobs.cleanse.store import ObjectMissing
from jobs.compiled import load_compiled
from jobs.forget.plan import ForgetPlan, parse_plan, subject_of
from jobs.forget.quarantine import QuarantineFiles
from jobs.forget.silver import SilverFiles

# Files that came while others were read are read in a further round; who lands faster has to be asked again.
ROUNDS_MAX = 5


class StillThere(Exception):
    """Rows of the subject are left, though they were removed: another try removes them again."""


def run_forget(run_id: str, document: dict, store, log: Log) -> dict:
    """Carries out a deletion plan, and stores and returns the report, which never names the subject.

    When it cannot, the report says only why and whether another attempt may get further; the error is raised.
    """
    plan = parse_plan(document)
    check_run(plan, run_id, log)
    log.info("deletion started", entity=plan.entity, column=plan.column, dry_run=plan.dry_run)
    asked = {"column": plan.column, "dry_run": plan.dry_run}
    named = ("run_id", "attempt", "entity")
    report = reported(plan, named, store, log, lambda: {**asked, **carry_out(plan, store)})
    log.info("deletion reported", rows=report["rows"], seconds=report["seconds"])
    return report


def carry_out(plan: ForgetPlan, store) -> dict:
    """Every file that was read, the rows removed of each, and what reading the rewritten ones again found."""
    started = time.monotonic()
    contract = load_compiled(plan.entity)
    value = subject_of(plan, contract, store)
    with workspace("forget") as work:
        silver = SilverFiles(plan.column, value, work)
        quarantine = QuarantineFiles(plan.column, value, work / "quarantine.ndjson")
        prefix = f"entity={plan.entity}/"
        zones = {
            "silver": _zone(store, plan.silver_bucket, prefix, silver, plan.dry_run),
            "quarantine": _zone(store, plan.quarantine_bucket, prefix, quarantine, plan.dry_run),
        }
    files = [file for read in zones.values() for file in read]
    if not plan.dry_run and any(file["left"] for file in files):
        raise StillThere(f"{sum(file['left'] for file in files)} rows are left")
    return {
        **zones,
        "rows": {name: sum(file[name] for file in files) for name in ("found", "removed", "left")},
        # Raw files are never changed: they go by the retention of the contract.
        "bronze": sorted(silver.sources | quarantine.sources),
        "seconds": round(time.monotonic() - started, 3),
    }


def _zone(store, bucket: str, prefix: str, files, dry_run: bool) -> list[dict]:
    """What was read of one zone, in rounds until there is no file that nobody has read."""
    read: dict[str, dict] = {}
    for _ in range(ROUNDS_MAX):
        keys = [item["key"] for item in store.objects(bucket, prefix) if item["key"] not in read]
        if not keys:
            return list(read.values())
        for key in keys:
            read[key] = _one(store, bucket, key, files, dry_run)
    raise StillThere(f"files keep coming below {prefix}: nobody can say that all were read")


def _one(store, bucket: str, key: str, files, dry_run: bool) -> dict:
    try:
        rows, found = files.load(store, bucket, key)
    except ObjectMissing:
        # Files that compaction has replaced go when their time has come.
        return {"key": key, "rows": 0, "found": 0, "removed": 0, "left": 0, "gone": True}
    result = {"key": key, "rows": rows, "found": found, "removed": 0, "left": found}
    if not found or dry_run:
        return result
    etag = store.upload(files.without(), bucket, key)["etag"]
    # What counts is what the store holds now, not what was sent.
    kept, left = files.load(store, bucket, key)
    if kept != rows - found:
        raise StillThere(f"{key} has {kept} rows, and {rows - found} were to stay")
    return result | {"removed": found, "left": left, "etag": etag}
