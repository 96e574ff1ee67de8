"""A name for a night that tells nothing about the person."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sleeplab.datasets import locate

_BLOCK_BYTES = 65536
_N_BLOCKS = 16


def night_id(path: str | Path) -> str:
    """Name a recording by its bytes: the same pseudonym wherever the file lies and whatever it is called.

    The size, the first 64 KiB and 15 more such blocks spread over the file are hashed (SHA-256), so that a
    file of any size takes milliseconds; two nights that differ only elsewhere get the same name. A
    BrainVision header is hashed together with the data file beside it.

    Parameters
    ----------
    path : str or Path
        The recording.

    Returns
    -------
    str
        12 hexadecimal digits.

    Raises
    ------
    FileNotFoundError
        If there is no file at ``path``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     a, b = Path(folder, "a.edf"), Path(folder, "b.edf")
    ...     _ = a.write_bytes(b"same"), b.write_bytes(b"same")
    ...     night_id(a) == night_id(b), len(night_id(a))
    (True, 12)
    """
    path = locate(path)
    if not path.is_file():
        msg = f"There is no recording at {path}. Check the spelling and the folder."
        raise FileNotFoundError(msg)
    digest = hashlib.sha256()
    beside = path.with_suffix(".eeg")
    for part in (path, beside) if path.suffix == ".vhdr" and beside.is_file() else (path,):
        size = part.stat().st_size
        digest.update(str(size).encode())
        with part.open("rb") as file:
            for start, stop in identity_ranges(size):
                file.seek(start)
                digest.update(file.read(stop - start))
    return digest.hexdigest()[:12]


def identity_ranges(n_bytes: int) -> list[tuple[int, int]]:
    """Say from which bytes `night_id` names a file: who has only these can name it.

    Parameters
    ----------
    n_bytes : int
        Size of the file.

    Returns
    -------
    list of (int, int)
        First byte and the one after the last, 16 times, from the beginning of the file to its end.

    Examples
    --------
    >>> identity_ranges(16 * 65536)[:2], identity_ranges(10**9)[-1]
    ([(0, 65536), (65536, 131072)], (999934464, 1000000000))
    """
    last = max(n_bytes - _BLOCK_BYTES, 0)
    starts = [i * last // (_N_BLOCKS - 1) for i in range(_N_BLOCKS)]
    return [(start, min(start + _BLOCK_BYTES, n_bytes)) for start in starts]
