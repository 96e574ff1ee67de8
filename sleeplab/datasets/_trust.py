"""Is a file what it should be? Known hashes are compared; where none is known, the first one seen is kept."""

from __future__ import annotations

import json
import re
from pathlib import Path

from sleeplab.datasets._registry import data_folder

RECORD = "trusted.json"
_SUM_LINE = re.compile(r"([0-9a-f]{64})\s+\*?(\S.*)")


def parse_sums(text: str) -> dict[str, str]:
    """Read ``sha256  name`` lines; others are left out, and so are names that lead out of the folder.

    Examples
    --------
    >>> parse_sums("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  RECORDS")
    {'RECORDS': 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'}
    >>> parse_sums("<html>Please log in to this network</html>")
    {}
    """
    found = [match for line in text.splitlines() if (match := _SUM_LINE.fullmatch(line.strip()))]
    return {m[2].removeprefix("./"): f"sha256:{m[1]}" for m in found if _stays_inside(m[2])}


def _stays_inside(file: str) -> bool:
    return not file.startswith("/") and ".." not in file.split("/") and not set(file) & set('\\:*?"<>|')


def is_right(path: Path, expected: str) -> bool:
    """Say whether a file has the expected hash, ``"sha256:…"`` or ``"md5:…"``."""
    return hash_of(path, expected.partition(":")[0]) == expected.lower()


def hash_of(path: Path, algorithm: str = "sha256") -> str:
    """Return the hash of a file, with its algorithm in front."""
    import pooch

    return f"{algorithm}:{pooch.file_hash(str(path), alg=algorithm)}"


def recorded_hash(key: str) -> str:
    """Return what was recorded for ``dataset/file`` when it came first, "" where it never came."""
    return _record().get(key, "")


def record_hash(key: str, path: Path) -> None:
    """Record the hash of a file of which none is known: from now on it must stay so."""
    folder = data_folder()
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f"{RECORD}.part"
    beside.write_text(json.dumps(_record() | {key: hash_of(path)}, indent=1), encoding="utf-8")
    beside.replace(folder / RECORD)


def _record() -> dict[str, str]:
    path = data_folder() / RECORD
    if not path.exists():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        msg = f"{RECORD} in the data folder must be JSON, and it is damaged. Delete it to begin anew."
        raise ValueError(msg) from error
