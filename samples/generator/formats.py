"""Rows to the bytes of a dropped file: NDJSON, JSON array or CSV, plain or gzipped."""

import csv
import gzip
import io
import json
from decimal import Decimal

FORMATS = (".ndjson", ".csv", ".json", ".ndjson.gz", ".csv.gz", ".json.gz")
BOM = b"\xef\xbb\xbf"

Value = Decimal | str | None
Row = dict[str, Value]
Line = Row | str
"""A row, or a text that stands in the file as it is (a broken JSON line)."""


def json_text(row: Row) -> str:
    """One JSON object; a Decimal becomes a bare number with exactly its digits, None becomes null."""
    members = (
        f"{json.dumps(name)}: {value if isinstance(value, Decimal) else json.dumps(value)}"
        for name, value in row.items()
    )
    return "{" + ", ".join(members) + "}"


def csv_text(lines: list[Line], line_end: str) -> str:
    """A CSV with a header of all columns in order of first sight; a missing value is an empty field."""
    rows = [line for line in lines if isinstance(line, dict)]
    if len(rows) != len(lines):
        raise ValueError("a CSV cannot hold a raw line")
    columns = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=line_end)
    writer.writerow(columns)
    for row in rows:
        writer.writerow(["" if row.get(name) is None else str(row[name]) for name in columns])
    return out.getvalue()


def gzipped(content: bytes) -> bytes:
    """Gzip without name and time, so that equal content gives equal bytes (for one zlib)."""
    out = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=0) as stream:
        stream.write(content)
    return out.getvalue()


def encode(suffix: str, lines: list[Line], *, bom: bool = False, line_end: str = "\n") -> bytes:
    """The bytes of a file with this suffix (one of FORMATS); `bom` puts a UTF-8 byte order mark first."""
    if suffix.startswith(".csv"):
        text = csv_text(lines, line_end)
    else:
        texts = [line if isinstance(line, str) else json_text(line) for line in lines]
        if suffix.startswith(".ndjson"):
            text = "".join(one + line_end for one in texts)
        else:
            text = "[\n" + ",\n".join(texts) + "\n]\n"
    content = (BOM if bom else b"") + text.encode()
    return gzipped(content) if suffix.endswith(".gz") else content
