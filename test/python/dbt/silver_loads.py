"""Deliveries of records through the cleanse into a lake's silver, as batches that the ledger would have."""

import sys
from pathlib import Path

from lake import Lake

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "jobs"))

import cleanse_lake
from folder_store import FolderStore


class SilverLoads:
    """The silver of one lane: what a delivery brings is cleansed entity by entity and committed."""

    def __init__(self, lake: Lake, source: str, entities: list[str], stage: str = "dev") -> None:
        self.lake, self.source, self.entities = lake, source, entities
        lake.silver, lake.built = {entity: [] for entity in entities}, {}
        self.cleansed = cleanse_lake.Lake(FolderStore(lake.folder / "cleansed"))
        self.rejected: dict[str, int] = {}
        self.stage = stage

    def load(self, folder: Path, landed_at: str) -> None:
        """The files `<entity>-<n>.ndjson` of the folder become one committed cleanse run of each entity."""
        for entity in self.entities:
            paths = sorted(folder.glob(f"{entity}-*.ndjson"))
            files = {f"{folder.name}-{path.name}": path.read_bytes() for path in paths}
            if files:
                self.take(entity, files, landed_at, self.source)

    def take(self, entity: str, files: dict[str, bytes], landed_at: str, source: str) -> None:
        """These files of a source, by name, become one committed cleanse run."""
        landed = [self.cleansed.land(name, body, landed_at, source) for name, body in files.items()]
        self._commit(entity, self.cleansed.carry_out(landed, entity, stage=self.stage))

    def _commit(self, entity: str, report: dict) -> None:
        self.rejected[entity] = self.rejected.get(entity, 0) + report["rows"]["rejected"]
        run = {"run_id": report["run_id"], "files": []}
        for file in report["files"]:
            key = f"entity={entity}/{report['run_id']}-{Path(file['key']).name}"
            body = self.cleansed.store.get(cleanse_lake.BUCKETS["silver"], file["key"])
            self.lake.s3.put_object(Bucket=self.lake.bucket("silver"), Key=key, Body=body)
            run["files"].append(f"s3://{self.lake.bucket('silver')}/{key}")
        self.lake.silver[entity].append(run)
