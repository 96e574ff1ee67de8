"""Bring one file here, from a URL or from a folder; what breaks off is continued, not begun again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

if TYPE_CHECKING:
    import requests

TIMEOUT_S = 30.0
"""How long a server may stay silent."""
MOST_ATTEMPTS = 20
"""How often a download that breaks off is continued within one call, as long as each attempt brings more."""
CHUNK_BYTES = 1 << 16

INSTEAD = (
    "Or take the file from a copy: set SLEEPLAB_MIRROR to its URL or folder. "
    "Or work without network on a simulated night: simulated:anna."
)

OnBytes = Callable[[int, int], None]


def join_url(base: str, file: str) -> str:
    """Append a file to a URL, in front of a query such as an access token.

    Examples
    --------
    >>> join_url("https://host/box?sig=abc", "a/b 1.edf")
    'https://host/box/a/b%201.edf?sig=abc'
    """
    parts = urlsplit(base)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{quote(file)}"))


def is_url(place: str) -> bool:
    """Say whether a place is a URL; else it is a folder."""
    return place.startswith(("http://", "https://"))


def copy_file(source: Path, part: Path, on_bytes: OnBytes) -> None:
    """Copy a file of a mirror folder.

    Raises
    ------
    FileNotFoundError
        If the folder does not hold it.
    """
    if not source.is_file():
        msg = (
            f"the folder in SLEEPLAB_MIRROR must hold {source.parent.name}/{source.name}, and it does not. "
            "Complete it (`sleeplab fetch … --to FOLDER` where there is network), or unset SLEEPLAB_MIRROR."
        )
        raise FileNotFoundError(msg)
    shutil.copyfile(source, part)
    on_bytes(part.stat().st_size, part.stat().st_size)


def download(url: str, part: Path, on_bytes: OnBytes) -> None:
    """Download into `part`, continuing what stands there.

    Parameters
    ----------
    url
        The address; it never stands in a message, only its host does (it may hold a token).
    part
        The file to write; it stays when the download fails, for the next time.
    on_bytes
        Called with the bytes that are here and the bytes in all (0 where unknown).

    Raises
    ------
    FileNotFoundError
        If the server has no such file.
    ConnectionError
        If it stays silent, refuses, breaks off again and again, or answers with an error.
    """
    import requests

    conditions: dict[str, str] = {}
    for attempt in range(MOST_ATTEMPTS):
        before = _size(part)
        try:
            _continue(url, part, conditions, on_bytes)
        except requests.RequestException as error:
            came_further = _size(part) > before or (before and not part.exists())
            if not came_further or attempt == MOST_ATTEMPTS - 1:
                raise _explained(error, url, part.stem) from error
        else:
            return


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _continue(url: str, part: Path, conditions: dict[str, str], on_bytes: OnBytes) -> None:
    """Ask once for what is missing; `conditions` keep two versions of a file from being joined."""
    import requests

    here = _size(part)
    headers = {"Accept-Encoding": "identity"}
    if here:
        headers |= {"Range": f"bytes={here}-"} | conditions
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as answer:
        continues = answer.headers.get("Content-Range", "").startswith(f"bytes {here}-")
        if answer.status_code == 416 or (answer.status_code == 206 and not continues):
            part.unlink()
            msg = "what stands here is no beginning of that file"
            raise requests.ConnectionError(msg)
        answer.raise_for_status()
        if tag := answer.headers.get("ETag") or answer.headers.get("Last-Modified"):
            conditions["If-Range"] = tag
        begin = here if continues else 0
        total = begin + int(answer.headers.get("Content-Length", -begin))
        with part.open("ab" if begin else "wb") as file:
            for chunk in answer.iter_content(CHUNK_BYTES):
                file.write(chunk)
                on_bytes(file.tell(), total)


def _explained(error: requests.RequestException, url: str, file: str) -> OSError:
    """Say what happened and what to do, without the address."""
    import requests
    from urllib3.exceptions import ReadTimeoutError

    host = urlsplit(url).hostname
    status = 0 if error.response is None else error.response.status_code
    if status == 404:
        return FileNotFoundError(
            f"{host} has no file {file} (404). Look at the page of the data set. {INSTEAD}"
        )
    if status:
        what = f"answered with error {status}"
    elif isinstance(error, requests.Timeout) or isinstance((*error.args, "")[0], ReadTimeoutError):
        what = f"sent nothing for {TIMEOUT_S:g} s"
    else:
        what = "could not be reached, or the connection broke off"
    kept = "Try again later: what has arrived is kept and continued."
    return ConnectionError(f"{host} {what} while {file} was downloaded. {kept} {INSTEAD}")
