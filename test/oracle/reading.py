"""A raw file to rows of text, each with its line: NDJSON, JSON array or CSV, plain or gzipped."""

import csv
import gzip
import io
import json
import zlib
from dataclasses import dataclass
from pathlib import Path

KNOWN = (".ndjson", ".jsonl", ".json", ".csv")
MAX_FIELD_BYTES = 100 * 1024 * 1024


@dataclass(frozen=True)
class RawRow:
    """One row as text by column (None where it is missing), or the problem that rejects it unseen."""

    line: int | None
    values: dict[str, str | None] | None
    problem: str | None = None


def whole_file(problem: str) -> list[RawRow]:
    """What a file is that cannot be read at all: one rejected row without a line."""
    return [RawRow(None, None, problem)]


def text_of(value: object) -> str | None:
    """A JSON member as text: numbers keep their digits, nested values become JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value)


def first_of_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """The members of an object; of a name that stands twice the first counts."""
    members: dict[str, object] = {}
    for name, value in pairs:
        members.setdefault(name, value)
    return members


def refuse_constant(name: str) -> None:
    """Python reads NaN and Infinity, JSON does not know them."""
    raise ValueError(f"{name} is not JSON")


def parse_json(text: str) -> object:
    """The JSON value of a text with numbers as text; ValueError when it is not JSON."""
    return json.loads(
        text,
        parse_float=str,
        parse_int=str,
        parse_constant=refuse_constant,
        object_pairs_hook=first_of_each,
    )


def row_of(line: int, value: object) -> RawRow:
    """One JSON value as a row; only an object can be one."""
    if not isinstance(value, dict):
        return RawRow(line, None, "not_an_object")
    return RawRow(line, {name: text_of(member) for name, member in value.items()})


def ndjson_rows(content: bytes) -> list[RawRow]:
    """One row per line that is not blank."""
    rows = []
    for number, raw in enumerate(content.split(b"\n"), 1):
        if not raw.strip():
            continue
        try:
            rows.append(row_of(number, parse_json(raw.decode())))
        except UnicodeDecodeError:
            rows.append(RawRow(number, None, "invalid_utf8"))
        except ValueError:
            rows.append(RawRow(number, None, "invalid_json"))
    return rows


def array_rows(content: bytes) -> list[RawRow]:
    """One row per element; a document that breaks anywhere has no rows to trust."""
    try:
        elements = parse_json(content.decode())
    except UnicodeDecodeError:
        return whole_file("invalid_utf8")
    except ValueError:
        return whole_file("invalid_json")
    return [row_of(number, element) for number, element in enumerate(elements, 1)]


def csv_rows(content: bytes, required: frozenset[str]) -> list[RawRow]:
    """One row per record, numbered by the physical line on which it starts."""
    csv.field_size_limit(MAX_FIELD_BYTES)
    reader = csv.reader(io.StringIO(content.decode(errors="replace"), newline=""))
    header: list[str] | None = None
    rows = []
    start = 1
    for record in reader:
        line, start = start, reader.line_num + 1
        if not record:
            continue
        if header is None:
            header = [name.strip() for name in record]
            missing = required - set(header)
            if missing:
                return whole_file("column_missing_in_header")
        elif len(record) != len(header):
            rows.append(RawRow(line, None, "wrong_number_of_fields"))
        elif any("�" in value for value in record):
            rows.append(RawRow(line, None, "invalid_utf8"))
        else:
            rows.append(RawRow(line, dict(zip(header, record, strict=True))))
    return rows


def read_rows(path: Path, required: frozenset[str]) -> list[RawRow]:
    """All rows of a file, in order; `required` are the columns that a CSV's header must have."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    content = path.read_bytes()
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib.error):
            return whole_file("file_truncated")
    content = content.removeprefix(b"\xef\xbb\xbf")
    kind = suffixes[-1] if suffixes else ""
    if kind not in KNOWN:
        return whole_file("file_format_unknown")
    if not content.strip():
        return whole_file("file_empty")
    if kind == ".csv":
        return csv_rows(content, required)
    return array_rows(content) if content.lstrip().startswith(b"[") else ndjson_rows(content)
