"""Events find the same rules as in the emulator itself, without asking each of them."""

import itertools
import json

import pytest
from ministack.core.responses import AccountRegionScopedDict, request_scope
from ministack.services import eventbridge

from local.patches.event_matching import items, quickly

SOURCES = ("sluice", "aws.s3", "", ["sluice"], None)
KINDS = ("Sync Finished", "Object Created", 7)
DETAIL = {"state": "done", "tags": ["a", "b"]}
PATTERNS = (
    {"source": ["sluice"]},
    {"source": ["sluice", "aws.s3"], "detail-type": ["Sync Finished"]},
    {"detail-type": [{"prefix": "Sync"}]},
    {"detail-type": ["Object Created", {"anything-but": "Sync Finished"}]},
    {"source": [{"exists": False}]},
    {"source": [{"exists": True}], "detail": {"state": ["done"]}},
    {"source": ["sluice"], "detail": {"tags": ["b"]}},
    {"detail": {"state": [{"anything-but": "done"}]}},
    {"$or": [{"source": ["aws.s3"]}, {"detail-type": ["Sync Finished"]}]},
    {"source": [None]},
    {"source": {"x": ["y"]}},
    {"nothing": ["x"]},
    {},
)


@pytest.mark.parametrize("pattern", [*map(json.dumps, PATTERNS), "no JSON", None, 7])
def test_an_event_matches_what_it_matches_without_the_short_way(pattern) -> None:
    matches = quickly(eventbridge._matches_pattern_view, eventbridge._compiled_pattern)
    for source, kind in itertools.product(SOURCES, KINDS):
        event = {"Source": source, "DetailType": kind, "Detail": json.dumps(DETAIL)}
        view = eventbridge._pattern_event_view(event)
        assert matches(pattern, view) == eventbridge._matches_pattern_view(pattern, view), (source, kind)


def test_a_rule_of_another_type_is_not_asked() -> None:
    asked = []
    matches = quickly(lambda *given: bool(asked.append(given)) or True, eventbridge._compiled_pattern)
    event = {"Source": "sluice", "DetailType": "Sync Finished"}
    view = eventbridge._pattern_event_view(event)
    assert not matches('{"source": ["sluice"], "detail-type": ["Gold Built"]}', view)
    assert not matches('{"source": ["other"]}', view)
    assert not asked
    assert matches('{"detail-type": ["Sync Finished"], "detail": {"state": ["done"]}}', view)
    assert len(asked) == 1


def test_a_list_holds_what_its_account_has_in_its_region() -> None:
    kept = AccountRegionScopedDict()
    for account, region in itertools.product(("111111111111", "222222222222"), ("us-east-1", "eu-west-1")):
        with request_scope(account, region):
            kept["a"], kept["b"] = account, region
    with request_scope("222222222222", "eu-west-1"):
        assert items(kept) == [("a", "222222222222"), ("b", "eu-west-1")]
        assert AccountRegionScopedDict.items(kept) == items(kept)
