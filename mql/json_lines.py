"""Files of JSON lines that are only ever appended to, and survive being killed."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path


def json_line(cells: dict) -> bytes:
    """An object as one line of UTF-8: keys in their order, times as ISO text."""
    text = json.dumps(
        cells, default=datetime.isoformat, ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def append_lines(path: Path, lines: list[bytes], mode: int = 0o644) -> None:
    """Adds lines (without their ends) to a file; on disk before this returns.

    `mode` is that of a new file. Half a line that a lost machine left at the end, which
    is no JSON, is cut off.
    Raises OSError where that cannot be done.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, mode)
    with open(descriptor, "rb+") as file:
        if path.is_file():
            end_last_line(file)
        file.write(b"".join(line + b"\n" for line in lines))
        file.flush()
        if path.is_file():
            os.fsync(file.fileno())


def end_last_line(file) -> None:
    """Leaves an open file at its end, after a line that is ended."""
    size = file.seek(0, os.SEEK_END)
    start, tail = size, b""
    while start and b"\n" not in tail:
        start = max(0, start - 65536)
        file.seek(start)
        tail = file.read(size - start)
    rest = tail[tail.rfind(b"\n") + 1 :]
    file.seek(size)
    if not rest:
        return
    try:
        json.loads(rest)
        file.write(b"\n")
    except ValueError:
        file.seek(size - len(rest))
        file.truncate()
