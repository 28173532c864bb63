"""The cheap first test may doubt but never err: with it and without it every outcome is the same."""

import random

import duckdb
import pytest
from hard_contract import COLUMNS, compile_hard
from hard_inputs import BY_TYPE, LINES
from test_rules import cleanse

from jobs.cleanse.duckdb_sql import plain_pattern

SEED = 20261121
FUZZED_LINES = 3000
ALPHABET = '0123456789.-+eE"\\ {}[]:,TZtfnul\t\r\x01é\u2028'


def number(draw: random.Random) -> str:
    whole = str(draw.randrange(10 ** draw.choice([1, 2, 5, 9, 12, 15, 18, 20])))
    fraction = "." + "".join(draw.choices("0123456789", k=draw.choice([1, 2, 6, 7, 12, 17, 19])))
    exponent = draw.choice(["", "", "", "", "e2", "E-3", "e400"])
    return draw.choice(["", "", "", "-", "0", "-0"]) + whole + draw.choice(["", fraction]) + exponent


def moment(draw: random.Random) -> str:
    day = f"{draw.choice([1, 999, 1970, 2026, 9999]):04d}-{draw.randrange(14):02d}-{draw.randrange(33):02d}"
    clock = f"{draw.randrange(25):02d}:{draw.randrange(61):02d}:{draw.randrange(61):02d}"
    fraction = draw.choice(["", "", f".{draw.randrange(10 ** draw.randrange(1, 10))}"])
    return draw.choice(
        [day, f"{day}{draw.choice('T ')}{clock}{fraction}{draw.choice(['Z', 'Z', '', '+05:30'])}"]
    )


def value(draw: random.Random) -> str:
    """A JSON value as text; often good, sometimes not even JSON."""
    text = draw.choice(draw.choice([list(inputs) for inputs in BY_TYPE.values()]))
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    numbers = [number(draw), number(draw), f'"{number(draw)}"', f'"{moment(draw)}"', f'"{moment(draw)}"']
    words = ["true", "false", "null", '""', f'"k{draw.randrange(50)}"', '{"a": [1.50]}', "[]"]
    return draw.choice([*numbers, quoted, *words])


def fitting(draw: random.Random, name: str) -> str:
    """A JSON value that mostly suits the column: this is what takes the cheap path, or just misses it."""
    odd = draw.random() < 0.08
    digits = str(draw.randrange(1, 10 ** draw.choice([19, 20] if odd else [1, 2, 9, 15, 18])))
    fraction = draw.choice([".1234567", ".00000000000000001"] if odd else ["", ".5", ".25", ".123456"])
    amount = draw.choice(["", "", "-"]) + digits[: 10 if odd else 9] + fraction
    years = ["0000", "0999"] if odd else ["1000", "2026", "9999"]
    day = f"{draw.choice(years)}-{draw.randrange(1, 13):02d}-{draw.randrange(1, 32 if odd else 29):02d}"
    clock = (
        f"{draw.randrange(24):02d}:{draw.randrange(60):02d}:{draw.randrange(60):02d}{draw.choice(['', '.5'])}"
    )
    suited = {"whole": digits, "amount": amount, "ratio": amount, "flag": draw.choice(["true", "false"])}
    suited |= {"day": f'"{day}"', "moment": f'"{day}{draw.choice("T ")}{clock}Z"'}
    text = suited.get(
        name, '"' + draw.choice([" x", "[x", "x\u00a0", ""] if odd else ["x", "é x", "a  b", "😀"]) + '"'
    )
    if name not in COLUMNS and draw.random() < 0.2:
        return "null"
    return f'"{text}"' if name in ("whole", "amount", "ratio") and draw.random() < 0.3 else text


def line(draw: random.Random, serial: int) -> str:
    if draw.random() < 0.05:
        return draw.choice(LINES)[0]
    names = draw.sample(list(COLUMNS), draw.choice([len(COLUMNS), draw.randrange(1, len(COLUMNS) + 1)]))
    names += draw.choices([*COLUMNS, "more", "venue", "Name", "x.y"], k=draw.choice([0, 0, 0, 1]))
    members = [f'"id":"{serial % 2500}"'] if draw.random() < 0.9 else []
    fit, colon = draw.choice([1, 1, 0.9]), draw.choice([":", ": ", ":", ": ", " : "])
    members += [
        f'"{name}"{colon}{fitting(draw, name) if draw.random() < fit else value(draw)}'
        for name in names
        if name != "id"
    ]
    text = "{" + draw.choice([",", ", "]).join(members) + "}"
    if draw.random() < 0.1:
        place = draw.randrange(len(text))
        text = text[:place] + draw.choice(["", draw.choice(ALPHABET)]) + text[place + draw.randrange(2) :]
    return text


def plain_share(contract, body: bytes) -> float:
    """The share of lines that the cheap test takes."""
    pattern = plain_pattern(contract, ["more", "venue"])
    lines = body.decode("utf-8", "replace").split("\n")
    query = "SELECT avg(regexp_matches(line, ?)::INT) FROM (SELECT unnest(?::VARCHAR[]) AS line)"
    return duckdb.execute(query, [pattern, lines]).fetchone()[0]


@pytest.mark.parametrize("required", [(), tuple(COLUMNS)[1:4], ("flag", "day", "moment", "name")], ids=str)
def test_fuzzed_lines_have_one_outcome(tmp_path, required):
    draw = random.Random(f"{SEED}{required}")
    body = "\n".join(line(draw, serial) for serial in range(FUZZED_LINES)).encode("utf-8", "surrogatepass")
    contract = compile_hard(tmp_path, required)
    quick, exact = (cleanse(tmp_path, contract, body, exact_only) for exact_only in (False, True))
    # repr tells 0.0 from -0.0 and a NaN from a NaN apart from nothing else.
    differing = [n for n in set(quick[0]) | set(exact[0]) if repr(quick[0].get(n)) != repr(exact[0].get(n))]
    assert differing == []
    assert quick[1:] == exact[1:]
    assert plain_share(contract, body) > 0.2, "the fuzzer must reach the cheap path"
    assert len(quick[0]) > 150 and len(quick[1]) > 150, "the fuzzer must reach both fates"


def test_plain_looking_numbers_keep_every_digit(tmp_path):
    draw = random.Random(SEED)
    lines = []
    for serial in range(8_000):
        ratio = f"{draw.uniform(0, 10 ** draw.randrange(1, 9)):.{draw.randrange(1, 18)}f}"
        amount = f"{draw.randrange(10**9)}.{draw.randrange(10**6):06d}"
        whole = draw.randrange(-(10**18), 10**18)
        lines.append(f'{{"id":"{serial}","ratio":{ratio},"amount":{amount},"whole":{whole}}}')
    body = "\n".join(lines).encode()
    contract = compile_hard(tmp_path)
    quick, exact = (cleanse(tmp_path, contract, body, exact_only) for exact_only in (False, True))
    assert quick == exact
    for serial, row in ((n - 1, row) for n, row in quick[0].items()):
        texts = dict(part.split(":") for part in lines[serial][1:-1].replace('"', "").split(","))
        assert row["ratio"] == float(texts["ratio"])
        assert str(row["amount"]) == texts["amount"] and row["whole"] == int(texts["whole"])
