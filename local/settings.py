"""What one local AWS is told: where it listens, where it writes, and how slow its cluster is."""

import os
from dataclasses import dataclass
from pathlib import Path

ACCOUNT_ID = "000000000000"
LOOPBACK = "127.0.0.1"
EMULATOR_VARIABLES = (
    "AUTH",
    "CLOUDTRAIL_RECORDING",
    "CLOUDTRAIL_MAX_EVENTS",
    "BIND_HOST",
    "MINISTACK_HOST",
    "MINISTACK_REGION",
    "MINISTACK_ACCOUNT_ID",
    "GATEWAY_PORT",
    "S3_DATA_DIR",
    "STATE_DIR",
    "ATHENA_ENGINE",
)


@dataclass(frozen=True)
class Settings:
    """One launcher's settings; times in seconds, the state directory absolute."""

    port: int = 4566
    state_dir: Path = Path(".sluice")
    region: str = "us-east-1"
    pad_seconds: float = 0.0
    max_parallel_tasks: int = 2
    async_retry_scale: float = 1.0
    delay_scale: float = 1.0
    buffer_seconds: float | None = None
    schedules: str = "clock"
    glue_minute_seconds: float = 60.0
    alarm_minute_seconds: float = 60.0
    spark_memory: str = "2g"
    recorded_calls: int = 200_000

    @property
    def endpoint(self) -> str:
        """The one URL of every service; an address and not a name, so that S3 clients go path-style."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def images_dir(self) -> Path:
        return self.state_dir / "images"

    @property
    def tasks_dir(self) -> Path:
        return self.state_dir / "tasks"

    @property
    def logs_dir(self) -> Path:
        return self.state_dir / "logs"

    @property
    def temporary_dir(self) -> Path:
        return self.state_dir / "tmp"

    @property
    def spark_dir(self) -> Path:
        return self.state_dir / "spark"


def emulator_environment(settings: Settings, inherited: dict[str, str] | None = None) -> dict[str, str]:
    """The whole environment of the emulator, and so of its Lambda workers: nothing of the caller's leaks in.

    PATH and JAVA_HOME stay: Lambda workers need `node`, Glue jobs need `java`.
    """
    inherited = dict(os.environ) if inherited is None else inherited
    kept = {name: inherited[name] for name in ("PATH", "JAVA_HOME") if name in inherited}
    return {
        "PATH": os.defpath,
        **kept,
        "HOME": str(settings.state_dir / "home"),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "TMPDIR": str(settings.temporary_dir),
        "AUTH": "true",
        "CLOUDTRAIL_RECORDING": "1",
        "CLOUDTRAIL_MAX_EVENTS": str(settings.recorded_calls),
        "BIND_HOST": LOOPBACK,
        "MINISTACK_HOST": "localhost",
        "MINISTACK_REGION": settings.region,
        "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
        "GATEWAY_PORT": str(settings.port),
        "AWS_ENDPOINT_URL": settings.endpoint,
        "S3_DATA_DIR": str(settings.temporary_dir / "s3"),
        "STATE_DIR": str(settings.temporary_dir / "state"),
        "ATHENA_ENGINE": "duckdb",
    }
