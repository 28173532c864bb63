"""What of a row is hidden in silver: `restricted` everywhere, `pii` wherever the stage is not production.

The mask is one text for all values. A hash could be found out by trying addresses, and a keyed one would need
its key in every job; nothing joins by what is masked.
"""

from jobs.compiled import CompiledContract

PRODUCTION = "prod"
MASK = "***"


def hidden_columns(contract: CompiledContract, stage: str) -> frozenset[str]:
    """The columns that silver of this stage holds masked."""
    kinds = {"restricted"} if stage == PRODUCTION else {"restricted", "pii"}
    return frozenset(name for name, kind in contract.classified.items() if kind in kinds)


def shown_sql(value: str, column: str, hidden: frozenset[str]) -> str:
    """The column's value as silver shows it, in DuckDB's and Spark's words: a missing one stays missing."""
    return f"CASE WHEN {value} IS NOT NULL THEN '{MASK}' END" if column in hidden else value
