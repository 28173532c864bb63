"""A batch that holds every kind of input on which engines are known to differ, for the hard contract."""

import gzip
import json
import random
from pathlib import Path

from hard_contract import COLUMN_OF_TYPE, ROOT, compile_hard
from hard_inputs import BY_TYPE, LINES
from test_both_paths import line

from jobs.cleanse.limits import MAX_LINE_BYTES
from jobs.compile_contracts import compile_contract
from jobs.compiled import CompiledContract, load_compiled

SEED = 20261121
LATER = "2026-11-22T00:10:00.5Z"
HEADER = "id,whole,amount,ratio,flag,day,moment,name"
# A table that is partitioned by year, month and day can have no columns of these names.
OLD_NAME, NEW_NAME = "day", "trading_day"


def hard_contract(folder: Path, required: tuple = ()) -> CompiledContract:
    """The contract of the DuckDB engine's tests, with that one column renamed."""
    compile_hard(folder, required)
    path = folder / "hard.yaml"
    path.write_text(path.read_text("utf-8").replace(f'"{OLD_NAME}"', f'"{NEW_NAME}"'), "utf-8")
    (folder / "hard.json").write_text(compile_contract(path, ROOT), "utf-8")
    return load_compiled("hard", folder)


def hard_files() -> dict[str, bytes]:
    """All files by name, those whose name ends in .gz packed."""
    files = {}
    for name, body in _files().items():
        body = body.replace(f'"{OLD_NAME}"'.encode(), f'"{NEW_NAME}"'.encode())
        body = body.replace(f",{OLD_NAME},".encode(), f",{NEW_NAME},".encode())
        files[name] = gzip.compress(body) if name.endswith(".gz") else body
    files["cut.ndjson.gz"] = files["cut.ndjson.gz"][:-20]
    return files


def _files() -> dict[str, bytes]:
    """Files by name: texts of every type, whole lines, formats, dirt in the bytes, files that cannot be
    read.
    """
    return {
        "lines.ndjson": "\n".join(text for text, _ in LINES).encode("utf-8", "surrogatepass") + b"\n",
        **{f"{kind}.ndjson": _texts(kind) for kind in BY_TYPE},
        "fuzzed.ndjson": _fuzzed(1500, "a"),
        "fuzzed.jsonl.gz": _fuzzed(500, "b"),
        "plain.ndjson": _plain(1500, "c"),
        "plain.ndjson.gz": _plain(400, "d"),
        "spaced name+plus.ndjson": _plain(20, "e"),
        "array.json": json.dumps(
            [{"id": "f1", "amount": 1.5, "new": 1}, {"id": "f2", "name": "x"}, 5]
        ).encode(),
        "array.json.gz": b'[\n{"id":"f3"},\n{"id":"f4","amount":}, {"id":"f5"}',
        **_csv_files(),
        **_bytes_files(),
        "empty.ndjson": b"",
        "blank.csv.gz": b" \n\n",
        "cut.ndjson.gz": _plain(400, "g"),
        "parquet.json": b"PAR1....PAR1",
        "header.csv": b"whole,amount\n1,2\n",
        **_changed_files(),
    }


def _changed_files() -> dict[str, bytes]:
    """Files whose source changed the schema: another type, nested values, no key, one row still as it was."""
    retyped = [{"id": f"r{n}", "whole": f"{n} pieces", "name": ["x", n], "flag": n} for n in range(12)]
    lacking = [{"whole": n, "moment": f"{n}.11.2026"} for n in range(7)]
    lines = [json.dumps(row) for row in [*retyped, {"id": "r", "whole": 1}, *lacking]]
    return {
        "retyped.ndjson": "\n".join(lines[:13]).encode() + b"\n{broken\n",
        "retyped.json": ("[" + ",\n".join(lines[:13]) + "]").encode(),
        "lacking.ndjson.gz": "\n".join(lines[13:]).encode(),
    }


def _texts(kind: str) -> bytes:
    rows = [{"id": f"{kind}{n}", COLUMN_OF_TYPE[kind]: text} for n, text in enumerate(BY_TYPE[kind])]
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def _fuzzed(count: int, seed: str) -> bytes:
    draw = random.Random(f"{SEED}{seed}")
    return "\n".join(line(draw, serial) for serial in range(count)).encode("utf-8", "surrogatepass")


def _plain(count: int, seed: str) -> bytes:
    """Lines of one shape, with a little dirt and a few keys that come again."""
    draw, lines = random.Random(f"{SEED}{seed}"), []
    for serial in range(count):
        row = {
            **{"id": f"{seed}{draw.randrange(count)}", "whole": draw.randrange(10**9)},
            **{"amount": draw.randrange(10**9) / 1000, "ratio": draw.random() * 10, "flag": True},
            **{"day": f"2026-{draw.randrange(1, 13):02d}-{draw.randrange(1, 29):02d}"},
            **{
                "moment": f"2026-01-05T{draw.randrange(24):02d}:11:12.5Z",
                "name": draw.choice(["é x", "y, z"]),
            },
        }
        if serial % 40 == 39:
            dirt = {
                "amount": "12_0",
                "day": "2026-02-30",
                "flag": "no",
                "name": " blank ",
                "whole": -5,
                "id": "",
            }
            row |= dict([draw.choice(list(dirt.items()))])
        if serial % 97 == 96:
            row["more"] = draw.choice(["text", 1.50, None, [1, {"a": "b"}]])
        lines.append(json.dumps(row, ensure_ascii=False))
    return "\n".join(lines).encode() + b"\n"


def _csv_files() -> dict[str, bytes]:
    good = "1,2.5,0.1,true,2026-01-05,2026-01-05T10:11:12Z"
    body = [
        f'h1,{good},"a ""quoted"", name\nof two lines"',
        f"h2,{good}",
        f"h3,{good},x,y",
        f'"h4",{good.replace("2.5", "abc")},',
        "",
        f"h1,{good},the later one",
        f'h5,{good},"open quote',
        f"h6,{good},after it",
    ]
    text = "\n".join([HEADER, *body, ""])
    short = "id,name,extra\ni1,x,1\ni2,,\n"
    return {
        "records.csv": text.encode(),
        "records.csv.gz": text.replace("\nh", "\nj").replace("\n", "\r\n").encode(),
        "short.csv": b"\xef\xbb\xbf" + short.encode(),
        "latin.csv": f"{HEADER}\nk1,{good},Zürich\nk2,{good},ok\n".encode("latin-1"),
    }


def _bytes_files() -> dict[str, bytes]:
    plain = _plain(30, "l")
    long = b'{"id":"m1","name":"' + b"x" * MAX_LINE_BYTES + b'"}\n'
    return {
        "mark.ndjson": b"\xef\xbb\xbf" + _plain(10, "n"),
        "latin.ndjson": plain + '{"id":"l1","name":"Zürich"}\n'.encode("latin-1"),
        "returns.ndjson": _plain(10, "o").replace(b"\n", b"\r\n\r\n"),
        "controls.ndjson": b'{"id":"p1","name":"a\x01b"}\n{"id":"p2"\r,"name":"c"}\n{"id":"p3"}\x00\n',
        "blank-lines.ndjson": b"\n" + _plain(5, "q") + b"\n \n[1]\n" + _plain(5, "r") + b"\n\n",
        "long.ndjson": b'{"id":"m0"}\n' + long + b'{"id":"m2"}',
        "no-end.ndjson": _plain(10, "s").rstrip(b"\n"),
        "trailing.ndjson": _plain(10, "t") + b"\n\n",
    }
