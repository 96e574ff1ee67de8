"""Write beside, then rename: no half-written file, and no name of a person in a temporary one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """Give a path to write; it takes the place of `target` when the block ends well, else it is deleted.

    Raises
    ------
    ValueError
        If the target exists already: the same night was de-identified before, or a second file of this person
        starts in the same second.
    """
    if target.exists():
        msg = (
            f"the file to write must not exist yet, but {target.name} does. Delete it or use another folder."
        )
        raise ValueError(msg)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
