"""The dbt calls of a build and nothing else: `python bare_dbt.py <steps.json>`, beside a prepared database.

It stands for a person who runs dbt with the kept parse state, in one process. Prints its CPU seconds.
"""

import json
import os
import sys
import time
from pathlib import Path

from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest


def main() -> None:
    given = json.loads(Path(sys.argv[1]).read_text())
    manifest = Manifest.from_msgpack(Path(given["parse_state"]).read_bytes())
    manifest.build_flat_graph()
    os.environ["LAKE_DUCKDB_PATH"] = given["database"]
    os.environ["LAKE_MODULE_PATH"] = given["root"]
    runner = dbtRunner(manifest=manifest)
    for step in given["steps"]:
        for node in step["nodes"]:
            manifest.nodes[node].tags.append("bare_step")
        outcome = runner.invoke([*step["arguments"], *given["options"]])
        for node in step["nodes"]:
            manifest.nodes[node].tags.remove("bare_step")
        if not outcome.success:
            sys.exit(f"{step['arguments'][0]}: {outcome.exception or 'failed'}")
    print(json.dumps({"cpu_seconds": time.process_time()}))


if __name__ == "__main__":
    main()
