"""Makes the parse state that a task starts from: `python -m containers.dbt.prepare`, run while the image is built."""

from containers.dbt.project import save_parse_state

if __name__ == "__main__":
    save_parse_state("duckdb")
