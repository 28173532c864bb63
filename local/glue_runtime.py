"""What a Glue worker has built in: Spark with `s3://`, the run's own folder, a clean environment."""

import os
import sys
from pathlib import Path

from local import spark_jars
from local.settings import LOOPBACK, Settings

# Reads the credentials link of the run from the environment, in the AWS SDK for Java 1.x that S3A uses.
CREDENTIALS_CLASS = "com.amazonaws.auth.EC2ContainerCredentialsProviderWrapper"
# Runs on a laptop are short: the thorough compiler and the parallel collector would cost half of their time.
QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


def configuration(settings: Settings, folder: Path, region: str) -> dict[str, str]:
    """Spark's settings for one run: S3A serves `s3://`, and every file it makes lies in the run's folder."""
    temporary = str(folder / "tmp")
    return {
        "spark.master": f"local[{os.cpu_count() or 1}]",
        "spark.driver.memory": settings.spark_memory,
        "spark.ui.enabled": "false",
        "spark.log.level": "WARN",
        "spark.driver.extraClassPath": os.pathsep.join(map(str, spark_jars.jars(settings.spark_dir))),
        "spark.driver.extraJavaOptions": (
            f"{QUICK} -Djava.io.tmpdir={temporary} -Dderby.system.home={temporary}"
        ),
        "spark.local.dir": temporary,
        "spark.sql.warehouse.dir": f"{temporary}/warehouse",
        "spark.hadoop.hadoop.tmp.dir": temporary,
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "spark.hadoop.fs.AbstractFileSystem.s3.impl": "org.apache.hadoop.fs.s3a.S3A",
        "spark.hadoop.fs.s3a.endpoint": settings.endpoint,
        "spark.hadoop.fs.s3a.endpoint.region": region,
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
        "spark.hadoop.fs.s3a.aws.credentials.provider": CREDENTIALS_CLASS,
    }


def environment(settings: Settings, folder: Path, region: str) -> dict[str, str]:
    """The run's environment, without its credentials link."""
    kept = {name: os.environ[name] for name in ("PATH", "JAVA_HOME") if name in os.environ}
    return {
        **kept,
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "SPARK_HOME": str(spark_jars.spark_home()),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": LOOPBACK,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": settings.endpoint,
    }
