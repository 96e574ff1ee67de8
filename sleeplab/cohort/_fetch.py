"""Bring the bytes of a recording here for as long as they are needed, and no longer.

A recording behind a URL is copied whole into a folder of its own that is removed afterwards. The samples of
an EDF are interleaved: each data record of a second or so holds all channels, so that what one could leave
out lies between what one needs, a few kilobytes at a time; a request for each would cost more than the bytes
saved. Only its identity and its header need less: sixteen blocks of 64 KiB.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from sleeplab.cohort._places import is_remote, shown, unreachable
from sleeplab.recording._identity import _BLOCK_BYTES, _N_BLOCKS

MARGIN_BYTES = 1 << 26
"""What must stay free on the disk beside a copy."""


@contextmanager
def local_copy(place: str, *, most_bytes: float = float("inf")) -> Iterator[Path]:
    """Give a path to the whole recording; a copy is removed when the block ends, whatever happens.

    Parameters
    ----------
    place
        Path, name or URL.
    most_bytes
        The largest copy allowed.

    Yields
    ------
    pathlib.Path
        The file itself where it is local, else a copy with a neutral name.

    Raises
    ------
    ConnectionError
        If the URL does not answer or the copy breaks off.
    ValueError
        If the recording is larger than `most_bytes` or the disk has no room.

    Examples
    --------
    >>> with local_copy("night.edf") as path:
    ...     path.name
    'night.edf'
    """
    if not is_remote(place):
        yield _found(place)
        return
    with _temporary(place) as path:
        fs, name, size = _remote(place)
        _check_room(size, most_bytes, path.parent)
        try:
            fs.get_file(name, str(path))
        except Exception as error:
            raise unreachable(place, error) from None  # the cause may quote a token
        if path.stat().st_size != size:
            msg = (
                f"The recording changed while it was fetched: of {size} bytes {path.stat().st_size} came. "
                "Run the same command again when it is complete."
            )
            raise ValueError(msg)
        yield path


@contextmanager
def sketch(place: str) -> Iterator[Path]:
    """Give a path to a file with the size, header and identity of the recording; of a URL it holds no more.

    Parameters
    ----------
    place
        Path, name or URL. A URL is asked for the sixteen blocks from which `night_id` names a recording; all
        between them is a hole.

    Yields
    ------
    pathlib.Path
        What `read_header` and `night_id` can read.

    Raises
    ------
    ConnectionError
        If the URL does not answer.

    Examples
    --------
    >>> with sketch("night.edf") as path:
    ...     path.name
    'night.edf'
    """
    if not is_remote(place):
        yield _found(place)
        return
    with _temporary(place) as path:
        fs, name, size = _remote(place)
        starts = sorted({i * max(size - _BLOCK_BYTES, 0) // (_N_BLOCKS - 1) for i in range(_N_BLOCKS)})
        ends = [min(start + _BLOCK_BYTES, size) for start in starts]
        try:
            blocks = fs.cat_ranges([name] * len(starts), starts, ends)
        except Exception as error:
            raise unreachable(place, error) from None
        with path.open("wb") as file:
            for start, block in zip(starts, blocks, strict=True):
                file.seek(start)
                file.write(block)
            file.truncate(size)
        yield path


def _found(place: str) -> Path:
    from sleeplab.datasets import locate

    return locate(place)


@contextmanager
def _temporary(place: str) -> Iterator[Path]:
    suffix = PurePosixPath(shown(place)).suffix.lower()
    if suffix == ".vhdr":
        msg = "A recording behind a URL must be one file, and BrainVision is three. Export the night as EDF."
        raise ValueError(msg)
    with tempfile.TemporaryDirectory(prefix="sleeplab-") as folder:
        yield Path(folder, f"night{suffix}")


def _remote(place: str) -> tuple[Any, str, int]:
    """Return the file system, the name in it and the size as it is now."""
    from fsspec.core import url_to_fs

    try:
        fs, name = url_to_fs(place)
        fs.invalidate_cache()
        size = fs.info(name)["size"]
    except Exception as error:
        raise unreachable(place, error) from None
    if size is None:
        msg = "A server must say how large a recording is, and this one does not. Copy the file here first."
        raise ValueError(msg)
    return fs, name, int(size)


def _check_room(size: int, most_bytes: float, folder: Path) -> None:
    if size > most_bytes:
        msg = (
            f"A copy of a recording must take at most {most_bytes / 1e9:g} GB, and this one has "
            f"{size / 1e9:.3g} GB. Allow more: --cache-gb"
        )
        raise ValueError(msg)
    free = shutil.disk_usage(folder).free
    if size + MARGIN_BYTES > free:
        msg = (
            f"The temporary folder must have room for a recording of {size / 1e6:.0f} MB, and "
            f"{free / 1e6:.0f} MB are free. Free some space, or set TMPDIR to another disk."
        )
        raise ValueError(msg)
