"""Tools for changes of the dbt project: what a change builds and why, and promotion of what was tested."""
