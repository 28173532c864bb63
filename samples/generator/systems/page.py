"""The part of samples/README.md on the other systems' data."""

from .planted import Place

HEAD = """
## The other systems' data

Below `systems/`, for `npm start -- --system <name>`. Made up by a seeded generator: ids and words, no
people. Files of `shop-events` and `shop-exports` are dropped as they are; `petforce` and `ledger-db` are
loaded into a local PostgreSQL and MongoDB, from which they are extracted; `raw` are the tables that a sync of
Airbyte leaves in the warehouse.

| place | becomes | rows in | rows out | duplicates | rejected |
|---|---|---:|---:|---:|---:|
"""
ASKED = """
`raw` has no contract: its rows all reach the models, of which the staging keeps the version that was
extracted last.

| place | after row | what is wrong | reason |
|---|---:|---|---|
"""
REPEATED = """
| place | row | stands twice |
|---|---:|---|
"""


def systems_text(places: list[Place]) -> str:
    """Counts of every place, and where each broken or repeated row stands."""
    text = HEAD
    for place in places:
        rejected, twice = (len(place.wrong), len(place.twice)) if place.entity else (0, len(place.twice))
        becomes = f"`{place.entity}`" if place.entity else "RAW"
        out = len(place.rows) - rejected - twice
        text += f"| `{place.path}` | {becomes} | {len(place.rows)} | {out} | {twice} | {rejected} |\n"
    text += ASKED
    for one in (one for place in places for one in place.wrong):
        reason = f"`{one.reason}`" if " " not in one.reason else one.reason
        text += f"| `{one.stem}` | {one.row + 1} | `{one.column}` = `{one.value!r}` | {reason} |\n"
    text += REPEATED
    for one in (one for place in places for one in place.twice):
        how = f"the first version has another `{one.column}`" if one.column else "exact copy"
        text += f"| `{one.stem}` | {one.row + 1} | {how} |\n"
    return text
