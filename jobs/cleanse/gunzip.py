"""Decompression with a bound: a small file that grows without end is refused, not written out."""

import zlib
from pathlib import Path

from jobs.cleanse.limits import BLOCK_BYTES, MAX_FILE_BYTES
from jobs.cleanse.rejects import FileProblem

MAGIC = b"\x1f\x8b"


def gunzip(source: Path, target: Path, max_bytes: int = MAX_FILE_BYTES) -> None:
    """Writes the decompressed file; raises FileProblem when it is cut off, damaged or larger than the bound.

    Nothing of a file that fails is used: half a file would look like a whole one.
    """
    written = 0
    with source.open("rb") as file, target.open("wb") as out:
        for block in _blocks(file):
            written += len(block)
            if written > max_bytes:
                raise FileProblem("file_too_large", f"more than {max_bytes} bytes after decompression")
            out.write(block)


def _blocks(file):
    stream, pending = zlib.decompressobj(31), b""
    while True:
        pending = pending or file.read(BLOCK_BYTES)
        if not pending:
            break
        if stream.eof:
            # Several members may follow each other, and tools pad with zeros after the last one.
            if not pending.strip(b"\0"):
                pending = b""
                continue
            stream = zlib.decompressobj(31)
        try:
            block = stream.decompress(pending, BLOCK_BYTES)
        except zlib.error as error:
            raise FileProblem("file_corrupt", f"the gzip data is damaged: {error}") from error
        pending = stream.unused_data if stream.eof else stream.unconsumed_tail
        yield block
    if not stream.eof:
        raise FileProblem("file_truncated", "the gzip data ends before its end mark; the file was cut off")
