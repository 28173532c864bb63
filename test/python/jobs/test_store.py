"""The folder that stands in for S3 in tests behaves like S3 where the job looks; S3 is MiniStack's."""

import pytest
from cleanse_lake import BUCKETS
from folder_store import FolderStore

from jobs.cleanse.limits import RANGED_FETCH_BYTES
from jobs.cleanse.plan import Input
from jobs.cleanse.store import ObjectMissing, split_uri

SILVER = BUCKETS["silver"]


@pytest.fixture(params=["folder", "s3"])
def store(request, tmp_path):
    if request.param == "folder":
        return FolderStore(tmp_path / "buckets")
    return request.getfixturevalue("s3_store")


def item(key: str, size: int = 1) -> Input:
    return Input(SILVER, key, None, size, None, "market-data")


def test_what_is_put_is_fetched(store, tmp_path):
    store.put(SILVER, "a b+c/é'.json", b"body")
    store.fetch(item("a b+c/é'.json"), tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"body"


def test_a_large_object_is_fetched_in_ranges(store, tmp_path):
    store.put(SILVER, "large", b"0123456789" * 1_000_000)
    store.fetch(item("large", RANGED_FETCH_BYTES), tmp_path / "out")
    assert (tmp_path / "out").stat().st_size == 10_000_000


@pytest.mark.parametrize("size", [1, RANGED_FETCH_BYTES])
def test_what_is_gone_is_missing(store, tmp_path, size):
    with pytest.raises(ObjectMissing):
        store.fetch(item("never", size), tmp_path / "out")


def test_an_upload_says_its_etag_and_bytes(store, tmp_path):
    (tmp_path / "in").write_bytes(b"body")
    stored = store.upload(tmp_path / "in", SILVER, "k/x.parquet")
    assert stored == {"key": "k/x.parquet", "etag": "841a2d689ad86bd1611447453c22c6fc", "bytes": 4}
    assert store.get(SILVER, "k/x.parquet") == b"body"


def test_json_documents_keep_their_text(store):
    uri = f"s3://{SILVER}/runs/r 1/re?port#1.json"
    store.write_json(uri, {"name": "é", "rows": 1})
    assert store.read_json(uri) == {"name": "é", "rows": 1}
    assert split_uri(uri) == (SILVER, "runs/r 1/re?port#1.json")
    with pytest.raises(ValueError, match="not an s3"):
        split_uri("https://bucket/key")
