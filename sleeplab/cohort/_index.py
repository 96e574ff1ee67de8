"""What is there, before anything is computed: one row per recording, from its header alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sleeplab.cohort._fetch import sketch
from sleeplab.cohort._night import montage_id, month, why
from sleeplab.cohort._places import Item, is_remote, list_recordings, shown
from sleeplab.cohort._schemas import SCHEMAS, to_arrow
from sleeplab.cohort._store import write_parquet

if TYPE_CHECKING:
    import pandas as pd

    from sleeplab.recording import Header

_AT_ONCE = 16
"""URLs that are asked at once; files here are read one by one, because that is work and not waiting."""


def index_recordings(
    sources: Sequence[str | Path], *, on_done: Callable[[int, int], None] = lambda done, total: None
) -> pd.DataFrame:
    """List recordings with what their headers say; no signal is read, and of a URL one megabyte.

    Parameters
    ----------
    sources
        Recordings, folders, patterns, lists, BIDS data sets, URLs: see `list_recordings`.
    on_done
        Called with the recordings that are done and those there are.

    Returns
    -------
    pandas.DataFrame
        One row per recording: ``position`` in the list; ``night_id``; ``duplicate_of``, the position of the
        first with the same content; ``format``; ``month`` of the start; ``montage``, the same eight digits
        for the same set of channels; ``duration_min``; ``size_mb``; ``n_channels``, ``n_eeg``, ``n_gaps``,
        ``n_problems``; ``channels``, the roles that are there; ``rates_hz``; ``reason`` why it cannot be
        read, ``""`` when it can. No name of a file.

    Raises
    ------
    FileNotFoundError
        If a source is not there or holds no recording.
    ConnectionError
        If a URL cannot be listed.

    Examples
    --------
    >>> import tempfile
    >>> from sleeplab.simulate import write_simulated_edf
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = write_simulated_edf(Path(folder, "night.edf"), hours=0.1)
    ...     index_recordings([folder])[["position", "duration_min", "n_eeg", "reason"]].values.tolist()
    [[1, 6.0, 6, '']]
    """
    import pandas as pd

    items = list_recordings(sources)
    rows = []
    with ThreadPoolExecutor(_AT_ONCE if any(is_remote(item.place) for item in items) else 1) as pool:
        for row in pool.map(_row, items):
            rows.append(row)
            on_done(len(rows), len(items))
    table = pd.DataFrame(rows, columns=list(SCHEMAS["index"]))
    named = table[table["night_id"].notna()]
    first = named.groupby("night_id")["position"].transform("min")
    table["duplicate_of"] = first.where(first != named["position"])
    return table


def _row(item: Item) -> dict[str, Any]:
    from sleeplab.recording import night_id, read_header

    row: dict[str, Any] = dict.fromkeys(SCHEMAS["index"]) | {"position": item.position, "reason": ""}
    try:
        with sketch(item.place) as path:
            row |= {"night_id": night_id(path), "size_mb": path.stat().st_size / 1e6}
            row |= _described(read_header(path))
    except Exception as error:  # one bad file never stops the others
        row["reason"] = why(error, item.place)
    return row


def _described(header: Header) -> dict[str, Any]:
    channels = header.channels
    signals = channels[channels["kind"] == "signal"]
    return {
        "format": header.format,
        "month": month(header.start),
        "montage": montage_id(channels),
        "duration_min": header.duration_s / 60,
        "n_channels": len(channels),
        "n_eeg": int((signals["role"] == "eeg").sum()),
        "n_gaps": len(header.gaps),
        "n_problems": len(header.problems),
        "channels": " ".join(f"{n}×{role}" for role, n in signals["role"].value_counts(sort=False).items()),
        "rates_hz": " ".join(f"{rate:g}" for rate in sorted(channels["sfreq"].unique(), reverse=True)),
    }


def write_index(table: pd.DataFrame, path: str | Path) -> Path:
    """Write an index as Parquet.

    Parameters
    ----------
    table
        From `index_recordings`.
    path
        The file; an older one is replaced when the new one is complete.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    OSError
        If it cannot be written; nothing is left behind.
    """
    return write_parquet(to_arrow(table, "index"), Path(path))


def write_names(items: Sequence[Item], night_ids: dict[int, str], path: str | Path) -> Path:
    """Write which pseudonym is which file: for one's own eyes, because names of files tell names of people.

    Parameters
    ----------
    items, night_ids
        From a `Summary`, or from `list_recordings` and an index.
    path
        The CSV file; its first line says that it must not be shared.

    Returns
    -------
    pathlib.Path
        The file, readable by its owner only where the system knows owners.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(write_names([Item(1, "a.edf")], {1: "0f"}, Path(folder, "names.csv")).read_text())
    # Names of files can tell names of patients: keep this file where the recordings are.
    position,night_id,file
    1,0f,a.edf
    <BLANKLINE>
    """
    import csv

    path = Path(path)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        path.chmod(0o600)
        file.write("# Names of files can tell names of patients: keep this file where the recordings are.\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["position", "night_id", "file"])
        writer.writerows([i.position, night_ids.get(i.position, ""), shown(i.place)] for i in items)
    return path
