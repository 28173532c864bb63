"""Puts the data of all systems together."""

from . import campaigns, commerce, executions, households
from .planted import Place

FOLDER = "systems"


def build_systems() -> tuple[dict[str, bytes], list[Place]]:
    """The files (path below samples/ to bytes) and what is in them; the same at every call."""
    tables = households.places()
    places = [*commerce.places(), *tables, *executions.places(), *campaigns.places()]
    files = {f"{FOLDER}/{place.path}": place.content() for place in places}
    files[f"{FOLDER}/{households.FOLDER}/schema.sql"] = households.ddl(tables)
    return files, places
