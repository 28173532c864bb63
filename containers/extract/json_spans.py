"""Cuts the records out of a JSON body without writing them anew: bronze gets the digits that were sent."""

from __future__ import annotations

import json
import re
from typing import Any

from containers.extract.errors import ExtractError

_DECODER = json.JSONDecoder()
_BLANKS = re.compile(r"[ \t\r\n]*")


def records(text: str, pointer: str) -> list[tuple[Any, bytes]]:
    """Each element of the list at a JSON Pointer: its parsed value, and its own text on one line.

    A list that is null has no records. Raises ExtractError where there is no list, or no JSON.
    """
    try:
        start = _find(text, _skip(text, 0), _members(pointer))
        if text.startswith("null", start):
            return []
        if not text.startswith("[", start):
            raise _wrong_shape(text, f"the body holds no list at {pointer or 'its top'}")
        return _elements(text, start)
    except (ValueError, IndexError) as error:
        raise ExtractError("the body is not JSON", transient=True) from error


def _members(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _find(text: str, start: int, members: list[str]) -> int:
    """Where the value begins that the member names lead to."""
    for name in members:
        if not text.startswith("{", start):
            raise _wrong_shape(text, f"the body holds no member {name}")
        place = _skip(text, start + 1)
        while text[place] != "}":
            key, place = _DECODER.raw_decode(text, place)
            place = _skip(text, place)
            if text[place] != ":":
                raise ValueError("a colon is missing")
            place = _skip(text, place + 1)
            if key == name:
                break
            _, place = _DECODER.raw_decode(text, place)
            place = _skip(text, place)
            if text[place] == ",":
                place = _skip(text, place + 1)
        else:
            raise _wrong_shape(text, f"the body holds no member {name}")
        start = place
    return start


def _elements(text: str, start: int) -> list[tuple[Any, bytes]]:
    found: list[tuple[Any, bytes]] = []
    place = _skip(text, start + 1)
    while text[place] != "]":
        value, end = _DECODER.raw_decode(text, place)
        # A newline can stand between tokens only: inside a text JSON writes it as \n.
        line = text[place:end].replace("\r", " ").replace("\n", " ")
        found.append((value, line.encode()))
        place = _skip(text, end)
        if text[place] == ",":
            place = _skip(text, place + 1)
        elif text[place] != "]":
            raise ValueError("a comma is missing")
    return found


def _wrong_shape(text: str, message: str) -> ExtractError:
    """The error for a body of another shape. Raises ValueError when it is no JSON, such as one cut short."""
    json.loads(text)
    return ExtractError(message)


def _skip(text: str, place: int) -> int:
    return _BLANKS.match(text, place).end()
