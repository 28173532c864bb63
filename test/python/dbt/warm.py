"""What each task does first and alike, done once in the server of which it is a fork.

dbt compiles the readers of its manifest and the schemas of its files as a process comes to use them, which
takes as long as its imports. Nothing that a build itself works on stays here.
"""

import gc
import inspect

from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.project import Configuration, PackageConfig, Project, ProjectFlags

from containers.dbt.project import keep_parse_state

for schema in (Configuration, Project, ProjectFlags, PackageConfig, DuckDBCredentials):
    schema.json_schema()
# Each command of dbt asks who called it, for which Python first lists the files of all modules.
inspect.getmodule(inspect.currentframe())
Manifest.from_msgpack((keep_parse_state("duckdb") / "partial_parse.msgpack").read_bytes()).build_flat_graph()
gc.collect()
gc.freeze()
