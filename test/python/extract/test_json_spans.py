"""Records are cut out of a body byte by byte."""

import json
import random

import pytest

from containers.extract.errors import ExtractError
from containers.extract.json_spans import records

BODIES = [
    ("[]", "", []),
    (" [ ] ", "", []),
    ('{"data": null}', "/data", []),
    ('[{"a":1.10},{"b": 1E5 }]', "", ['{"a":1.10}', '{"b": 1E5 }']),
    ('{"x": {"y/z~": [1, "a]b", [2]]}, "n": 1}', "/x/y~1z~0", ["1", '"a]b"', "[2]"]),
    (
        '{"x": "{", "data": [{"a":\n 1,\r\n "b": "line\\nbreak"}]}',
        "/data",
        ['{"a":  1,   "b": "line\\nbreak"}'],
    ),
    (
        '[{"a": 12345678901234567890.123456789012345678}]',
        "",
        ['{"a": 12345678901234567890.123456789012345678}'],
    ),
    ('[{"a": "é\\u00e9"}]', "", ['{"a": "é\\u00e9"}']),
]


@pytest.mark.parametrize(("body", "pointer", "lines"), BODIES)
def test_each_record_keeps_its_own_text(body, pointer, lines):
    found = records(body, pointer)
    assert [line.decode() for _, line in found] == lines
    assert [value for value, _ in found] == [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    ("body", "pointer", "transient"),
    [
        *((body, "", True) for body in ("", "[", "[1", "[1,", "[1 2]", "<html>", '[{"a":}]', "[1}")),
        *((body, "/a", True) for body in ("", "{", '{"b"', '{"b":1', '{"a"', '{"a":', '{"b" 1}')),
        *((body, "/a", False) for body in ("{}", '{"b": 1}', "[]", '{"a": {}}', '"a"', '{"a": "[1]"}')),
        ('{"Error Message": "Limit Reach"}', "", False),
    ],
)
def test_a_body_that_is_cut_short_may_come_whole_and_another_shape_may_not(body, pointer, transient):
    with pytest.raises(ExtractError) as raised:
        records(body, pointer)
    assert raised.value.transient is transient
    assert "Limit" not in str(raised.value)


def test_any_document_is_cut_as_it_is_parsed():
    draw = random.Random(7)
    for _ in range(300):
        rows = [value(draw, 3) for _ in range(draw.randint(0, 5))]
        body = json.dumps({"skip": value(draw, 3), "rows": rows}, indent=draw.choice([None, 1]))
        assert [found for found, _ in records(body, "/rows")] == rows
        assert [json.loads(line) for _, line in records(body, "/rows")] == rows
        assert all(b"\n" not in line for _, line in records(body, "/rows"))


def value(draw: random.Random, depth: int) -> object:
    kind = draw.randint(0, 6 if depth else 4)
    if kind == 5:
        return [value(draw, depth - 1) for _ in range(draw.randint(0, 3))]
    if kind == 6:
        return {draw.choice('ab"\\é\n'): value(draw, depth - 1) for _ in range(draw.randint(0, 3))}
    return draw.choice([None, True, draw.random() * 1e9, draw.randint(-(10**18), 10**18), '[]{}",:\\ \n\té'])
