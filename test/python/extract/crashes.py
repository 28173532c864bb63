"""Ends an extraction in the middle, as SIGKILL would, without the time that a process needs."""

import contextlib
from collections.abc import Iterator
from unittest.mock import patch

from containers.extract.storage import Storage


class Killed(BaseException):
    """No `except Exception` catches it, so nothing is written after it."""


@contextlib.contextmanager
def crash_at(page: int, is_landed: bool) -> Iterator[None]:
    """Ends the run at its n-th object: right before it is put, or right after."""
    put, count = Storage.put_new, 0

    def crash(storage: Storage, *args: object) -> None:
        nonlocal count
        count += 1
        if count == page and not is_landed:
            raise Killed
        put(storage, *args)
        if count == page:
            raise Killed

    with patch.object(Storage, "put_new", crash):
        yield
