"""Compiles contracts/<entity>.yaml to contracts/compiled/<entity>.json, which jobs and stages read.

Run `python -m jobs.compile_contracts` after changing a contract; `--check` only says whether the compiled
files are fresh. sqlglot and the schema of the standard are needed here and nowhere at run time.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

from jobs import rules
from jobs.contract import Contract, load_contract
from jobs.plain import plain_sql

ROOT = Path(__file__).resolve().parent.parent
DIALECTS = ("duckdb", "spark")
# What the cleanse adds to every row of every entity, in this order.
ADDED_COLUMNS = (
    ("_source_file", "string"),
    ("_source_line", "bigint"),
    ("_run_id", "string"),
    ("_ingested_at", "timestamp"),
)
GLUE_TYPES = {"integer": "bigint", "json": "string"}


def compile_contract(path: Path, root: Path = ROOT) -> str:
    """The compiled form of one contract file as JSON text; raises ContractError."""
    contract = load_contract(path, root)
    columns = [_column(column) for column in contract.columns]
    added = [{"name": name, "glue_type": glue_type} for name, glue_type in ADDED_COLUMNS]
    compiled = {
        "entity": contract.entity,
        "version": contract.version,
        "contract_hash": hashlib.sha256(path.read_bytes()).hexdigest(),
        "columns": columns,
        "silver_columns": [{"name": item["name"], "glue_type": item["glue_type"]} for item in columns]
        + added,
        "key": list(contract.key),
        "engine": contract.engine,
        "retention_days": contract.retention_days,
        "gate": {"max_rejected_percent": contract.max_rejected_percent},
        "rules": [rule for rule, _ in rules.reasons_of(contract)],
        "sql": {dialect: _sql(contract, dialect) for dialect in DIALECTS} | {"plain": plain_sql(contract)},
    }
    return json.dumps(compiled, indent=1, ensure_ascii=False) + "\n"


def _column(column) -> dict:
    return {
        "name": column.name,
        "type": column.type,
        "required": column.required,
        "glue_type": GLUE_TYPES.get(column.type, column.type),
        "classification": column.classification,
    }


def _sql(contract: Contract, dialect: str) -> dict:
    import sqlglot

    def render(expression: str) -> str:
        return sqlglot.transpile(expression, read="duckdb", write=dialect)[0]

    return {
        "trimmed": {column.name: render(rules.trimmed_sql(column)) for column in contract.columns},
        "typed": {column.name: render(rules.typed_sql(column)) for column in contract.columns},
        "reasons": render(rules.reasons_sql(contract)),
    }


def compile_all(root: Path = ROOT) -> dict[Path, str]:
    """Every compiled file and its text, for all contracts below the root."""
    sources = sorted((root / "contracts").glob("*.yaml"))
    return {
        root / "contracts" / "compiled" / f"{path.stem}.json": compile_contract(path, root)
        for path in sources
    }


def stale_files(root: Path = ROOT) -> list[Path]:
    """Compiled files that differ from what their contract says now, or have lost their contract."""
    wanted = compile_all(root)
    present = set((root / "contracts" / "compiled").glob("*.json"))
    differing = [
        path for path, text in wanted.items() if path not in present or path.read_text("utf-8") != text
    ]
    return differing + sorted(present - set(wanted))


def main(arguments: list[str]) -> int:
    """Writes what is stale; with --check only names it and returns 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing, fail when a compiled file is stale"
    )
    check = parser.parse_args(arguments).check
    stale = stale_files()
    for path in stale:
        print(f"{'stale' if check else 'written'}: {path.relative_to(ROOT)}")
    if check:
        return 1 if stale else 0
    wanted = compile_all()
    for path in stale:
        path.parent.mkdir(exist_ok=True)
        path.write_text(wanted[path], "utf-8") if path in wanted else path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
