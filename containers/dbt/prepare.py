"""Makes the parse state that tasks start from, as the image is built: `python -m containers.dbt.prepare`."""

from containers.dbt.project import keep_parse_state

if __name__ == "__main__":
    keep_parse_state("duckdb")
