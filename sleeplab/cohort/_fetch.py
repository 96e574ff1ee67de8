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
from typing import Any, NamedTuple

from sleeplab.cohort._places import is_remote, shown, unreachable

MARGIN_BYTES = 1 << 26
"""What must stay free on the disk beside a copy."""


class _Remote(NamedTuple):
    """A file behind a URL: its file system, its name there and its size as it is now."""

    fs: Any
    name: str
    size: int


@contextmanager
def local_copy(place: str, *, most_bytes: float = float("inf")) -> Iterator[Path]:
    """Give a path to the whole recording: the file itself where it is local, else a copy for this block.

    Raises
    ------
    ConnectionError
        If the URL does not answer or the copy breaks off.
    ValueError
        If the recording is larger than `most_bytes`, changes on its way, or the disk has no room.

    Examples
    --------
    >>> with local_copy("night.edf") as path:
    ...     path.name
    'night.edf'
    """
    with _path_for(place) as (path, remote):
        if remote is not None:
            _check_room(remote.size, most_bytes, path.parent)
            with _reaching(place):
                remote.fs.get_file(remote.name, str(path))
            if path.stat().st_size != remote.size:
                msg = (
                    f"The recording changed while it was fetched: of {remote.size} bytes "
                    f"{path.stat().st_size} came. Run the same command again when it is complete."
                )
                raise ValueError(msg)
        yield path


@contextmanager
def sketch(place: str) -> Iterator[Path]:
    """Give a path from which `night_id` and `read_header` read the same as from the whole recording.

    A URL is asked for those blocks only; all between them is a hole. Raises as `local_copy` does.
    """
    from sleeplab.recording import identity_ranges

    with _path_for(place) as (path, remote):
        if remote is not None:
            ranges = sorted(set(identity_ranges(remote.size)))
            with _reaching(place):
                blocks = remote.fs.cat_ranges(
                    [remote.name] * len(ranges), *map(list, zip(*ranges, strict=True))
                )
            with path.open("wb") as file:
                for (start, _), block in zip(ranges, blocks, strict=True):
                    file.seek(start)
                    file.write(block)  # the last one ends where the file does
        yield path


@contextmanager
def _path_for(place: str) -> Iterator[tuple[Path, _Remote | None]]:
    """Give the path of a local file; or a neutral one for this block, and what belongs there."""
    from sleeplab.datasets import locate

    if not is_remote(place):
        yield locate(place), None
        return
    suffix = PurePosixPath(shown(place)).suffix.lower()
    if suffix == ".vhdr":
        msg = "A recording behind a URL must be one file, and BrainVision is three. Export the night as EDF."
        raise ValueError(msg)
    with tempfile.TemporaryDirectory(prefix="sleeplab-") as folder:
        yield Path(folder, f"night{suffix}"), _remote(place)


def _remote(place: str) -> _Remote:
    from fsspec.core import url_to_fs

    with _reaching(place):
        fs, name = url_to_fs(place)
        fs.invalidate_cache()
        size = fs.info(name)["size"]
    if size is None:
        msg = "A server must say how large a recording is, and this one does not. Copy the file here first."
        raise ValueError(msg)
    return _Remote(fs, name, int(size))


@contextmanager
def _reaching(place: str) -> Iterator[None]:
    """Whatever goes wrong in the block is said without its words, which may quote a token."""
    try:
        yield
    except Exception as error:
        raise unreachable(place, error) from None


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
