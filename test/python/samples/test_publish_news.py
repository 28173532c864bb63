"""The news publisher: the same articles each time, of the contract's shape, and none lost on the way."""

import json

import pytest

from samples import publish_news


def test_the_same_seed_gives_the_same_records_and_another_seed_others():
    once = publish_news.records(200, 8, 1)
    assert once == publish_news.records(200, 8, 1)
    assert once != publish_news.records(200, 8, 2)
    assert len(once) == 208


def test_articles_come_in_order_and_some_are_corrected_under_their_id():
    found = list(publish_news.articles(400, 3))
    moments = [article["published_at"] for article in found]
    assert moments == sorted(moments)
    ids = {article["article_id"] for article in found}
    corrected = [article for article in found if article["title"].startswith("Corrected: ")]
    assert len(ids) == 400 - len(corrected)
    assert 5 <= len(corrected) <= 40


def test_a_record_is_one_line_and_each_way_to_spoil_one_is_another():
    article = next(publish_news.articles(1, 1))
    assert all(b"\n" not in record for record in publish_news.records(50, 4, 1))
    broken, *others = (publish_news.spoiled(article, way) for way in range(4))
    with pytest.raises(ValueError):
        json.loads(broken)
    changed = [{key for key in article if article[key] != json.loads(one)[key]} for one in others]
    assert changed == [{"title"}, {"published_at"}, {"sentiment"}]


def test_what_was_refused_is_sent_again_and_nothing_twice(monkeypatch):
    waits: list[float] = []
    monkeypatch.setattr(publish_news.time, "sleep", waits.append)
    taken: list[bytes] = []

    def send(batch: list[bytes]) -> list[bytes]:
        refused = batch[::10] if len(batch) > 1 else []
        taken.extend(record for record in batch if record not in refused)
        return refused

    found = publish_news.records(1200, 0, 1)
    assert publish_news.publish(found, send) == 1200
    assert sorted(taken) == sorted(found)
    assert waits and waits[:2] == [0.2, 0.4]


def test_it_gives_up_after_five_tries(monkeypatch):
    monkeypatch.setattr(publish_news.time, "sleep", lambda seconds: None)
    with pytest.raises(RuntimeError, match="3 records were refused 5 times"):
        publish_news.publish([b"a", b"b", b"c"], lambda batch: batch)
