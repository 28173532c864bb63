"""Runs the dbt project once per task and exports what it built as gold."""
