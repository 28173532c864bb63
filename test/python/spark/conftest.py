"""One Spark session for all tests of the Spark engine; without Java they say so and are skipped."""

import os
import shutil
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
# The inputs and the lake of the DuckDB engine's tests are the ones to compare on.
SHARED = HERE.parent / "jobs"
sys.path[:0] = [str(HERE), str(SHARED)]


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    """A local session with two cores; its workers find the job's modules and these helpers."""
    if shutil.which("java") is None:
        pytest.skip("Java is missing, so the Spark engine is not tested")
    from pyspark.sql import SparkSession

    places = [str(HERE.parents[2]), str(HERE), str(SHARED)]
    scratch = tmp_path_factory.mktemp("spark")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(places))
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        settings = {
            **{"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"},
            **{"spark.driver.memory": "1g", "spark.log.level": "ERROR"},
            # Stay in the first compiler: these runs end before the second one pays.
            "spark.driver.extraJavaOptions": f"-XX:TieredStopAtLevel=1 -Djava.io.tmpdir={scratch}",
            **{"spark.local.dir": str(scratch), "spark.sql.warehouse.dir": str(scratch / "warehouse")},
        }
        builder = SparkSession.builder.master("local[2]")
        for name, value in settings.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
        yield session
        session.stop()
