"""One JSON object per log line, with the ids that tie a line to its run."""

import json
import traceback
from datetime import UTC, datetime


class Log:
    """Writes to a stream; `bind` adds fields to every later line."""

    def __init__(self, stream):
        self._stream = stream
        self._bound: dict = {}

    def bind(self, **fields) -> None:
        """Sets fields that every later line carries."""
        self._bound |= fields

    def info(self, message: str, **fields) -> None:
        """Something happened as it should."""
        self._write("INFO", message, fields)

    def error(self, message: str, error: Exception) -> None:
        """The job failed; the trace goes along, since nobody else will log it."""
        trace = "".join(traceback.format_exception(error))
        self._write("ERROR", message, {"error": type(error).__name__, "reason": str(error), "trace": trace})

    def _write(self, level: str, message: str, fields: dict) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"level": level, "timestamp": now, "message": message} | self._bound | fields
        self._stream.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
        self._stream.flush()
