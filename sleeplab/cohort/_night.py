"""One night: from its place to the tables that are kept of it, or to the step and the reason of a failure."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from sleeplab.cohort._fetch import local_copy
from sleeplab.cohort._places import Item, is_remote, shown
from sleeplab.cohort._schemas import LEVELS, STAGES, to_arrow
from sleeplab.cohort._store import pack

if TYPE_CHECKING:
    import pandas as pd

    from sleeplab.anomalies.cohort import CohortReference
    from sleeplab.flow import Results

FORMAT = 2
"""Another number when the tables change: then every night is computed again."""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of malloc.h


class Settings(NamedTuple):
    """What is done to each night of a cohort; two settings never share a result.

    Attributes
    ----------
    eeg
        Labels of the EEG channels, where they are not recognised by themselves.
    reference
        Other nights to compare with, for the findings of level ``cohort``.
    reference_hash
        A hash of the file that the reference came from.
    reports
        Whether a page is written for each night.
    most_bytes
        The largest copy of a recording that a worker may keep while it works on it.
    """

    eeg: tuple[str, ...] = ()
    reference: CohortReference | None = None
    reference_hash: str = ""
    reports: bool = False
    most_bytes: float = 4e9

    def key(self, night_id: str, item: Item) -> str:
        """Name the result of a night under these settings: its identity and a hash of all that shapes it."""
        from sleeplab import __version__

        shaping = [FORMAT, __version__, list(self.eeg), self.reference_hash, item.age, item.sex]
        return f"{night_id}-{hashlib.sha256(json.dumps(shaping).encode()).hexdigest()[:8]}"


class Outcome(NamedTuple):
    """What became of a night: its tables, packed, or the step at which it failed and why."""

    position: int
    night_id: str
    packed: bytes
    report: str = ""
    step: str = ""
    reason: str = ""
    fetched_bytes: int = 0


def process(item: Item, night_id: str, settings: Settings, version: str) -> Outcome:
    """Run the flow on one night; never raises, writes nothing.

    Parameters
    ----------
    item
        The recording.
    night_id
        Its pseudonym when it was listed: a recording that has another one by now has changed.
    settings
        What to do.
    version
        The version of sleeplab that the command runs; a worker with another one refuses.

    Returns
    -------
    Outcome
        ``packed`` is the archive of the night, made here so that the command only has to write it; empty
        when the night failed.
    """
    from sleeplab import __version__

    keep_freed_memory()
    step = ["start"]
    try:
        if version != __version__:
            msg = f"A worker must run sleeplab {version} as the command does, this one runs {__version__}."
            raise ValueError(msg)  # reported as every other failure is
        step.append("fetch" if is_remote(item.place) else "read")
        with local_copy(item.place, most_bytes=settings.most_bytes) as path:
            fetched = path.stat().st_size if is_remote(item.place) else 0
            return _computed(item, night_id, settings, path, step)._replace(fetched_bytes=fetched)
    except Exception as error:  # one bad night never stops the others
        return Outcome(item.position, night_id, b"", step=step[-1], reason=why(error, item.place))


def _computed(item: Item, night_id: str, settings: Settings, path: Path, step: list[str]) -> Outcome:
    from sleeplab import flow

    begin, begin_cpu = time.perf_counter(), time.process_time()
    check_unchanged(path, night_id)
    results = flow.process_night(
        path,
        age=item.age,
        sex=item.sex,
        reference=settings.reference,
        eeg=settings.eeg,
        lang="en" if settings.reports else None,
        on_step=step.append,
    )
    check_unchanged(path, night_id)
    step.append("tables")
    cost = {
        "seconds": time.perf_counter() - begin,
        "cpu_s": time.process_time() - begin_cpu,
        "peak_mb": peak_memory_mb(),
    }
    tables = night_tables(results, {"age": item.age, "sex": item.sex, "site": "", "device": "", **cost})
    report = results.report.html if results.report else ""
    return Outcome(item.position, night_id, pack(tables), report)


def keep_freed_memory() -> None:
    """Let glibc keep up to 128 MB that were freed for the next array; other systems are left as they are.

    Dask has it keep 64 KiB: the memory of every array goes back to the system and is asked for again page by
    page, which took more processor time than the night itself (6.7 of 11.6 s). See mallopt(3).
    """
    import ctypes

    if sys.platform == "linux":
        with suppress(AttributeError):  # another C library
            libc = ctypes.CDLL(None)
            libc.mallopt(_M_MMAP_THRESHOLD, 1 << 25)
            libc.mallopt(_M_TRIM_THRESHOLD, 1 << 27)


def check_unchanged(path: Path, night_id: str) -> None:
    """Raise ValueError if the recording is not the one that was listed: it grew, or was replaced."""
    from sleeplab import recording

    if recording.night_id(path) != night_id:
        msg = (
            "A recording must not change while it is read, and this one did: is it still being recorded or "
            "copied? Run the same command again when it is complete."
        )
        raise ValueError(msg)


def why(error: Exception, place: str) -> str:
    """Say why a night failed, in words that hold no path, no name of a file and no token.

    The messages of sleeplab's own checks are kept; of any other error only its kind is.

    Examples
    --------
    >>> why(FileNotFoundError("There is no recording at a/night.edf."), "a/night.edf")
    'There is no such file any more.'
    >>> why(KeyError("Jeanne DUPONT"), "a/night.edf")
    'unexpected KeyError'
    """
    if isinstance(error, FileNotFoundError):
        return "There is no such file any more."
    if isinstance(error, ConnectionError):
        return "The address could not be reached, or the connection broke off."
    if isinstance(error, OSError):
        return f"The file could not be read ({error.strerror or type(error).__name__})."
    if isinstance(error, ValueError) and _is_ours(error):
        return shown(str(error)).replace(place, "…").replace(PurePath(place).name, "…")
    return f"unexpected {type(error).__name__}"


def _is_ours(error: Exception) -> bool:
    """Whether the error was raised by a line of sleeplab."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals.get("__name__", "").startswith("sleeplab.")


def night_tables(results: Results, known: dict[str, Any]) -> dict[str, Any]:
    """Bring the results of the flow into the schemas; `known` are columns of ``nights`` from elsewhere."""
    import pandas as pd

    epochs = results.features[["epoch", "onset_s"]]
    proba = results.hypnogram.proba
    shares = pd.DataFrame(index=epochs.index, columns=list(STAGES), dtype=float) if proba is None else proba
    shares = shares[list(STAGES)].set_axis([f"proba_{stage.lower()}" for stage in STAGES], axis=1)
    stages = results.hypnogram.hypno.astype(str).to_numpy()
    frames = {
        "channels": results.context["header"].channels,
        "gate": results.gate,
        "hypnogram": pd.concat([epochs, shares.reset_index(drop=True)], axis=1).assign(stage=stages),
        "features": results.features,
        "ledger": results.anomalies,
        "nights": pd.DataFrame([_night_row(results) | known]),
    }
    night_id = results.context["night_id"]
    return {name: to_arrow(frame.assign(night_id=night_id), name) for name, frame in frames.items()}


def _night_row(results: Results) -> dict[str, Any]:
    """Sum the night up: what was recorded, how good it was, what was found."""
    from sleeplab.features import night_summary

    header, gate = results.context["header"], results.gate
    unfit = ~gate["fit"].astype(bool)
    eeg = gate["ch_name"].isin([n for n, t in _types(results).items() if t == "eeg"])
    found = Counter(results.anomalies["level"])
    return {
        "format": header.format,
        "montage": montage_id(header.channels),
        "month": month(header.start),
        "duration_min": header.duration_s / 60,
        "n_epochs": results.hypnogram.n_epochs,
        "n_channels": len(header.channels),
        "n_problems": len(header.problems),
        "not_staged": results.context.get("not_staged", ""),
        "unstaged_pct": 100 * float((results.features["stage"] == "UNS").mean()),
        "unfit_pct": 100 * float(unfit.mean()),
        "unfit_eeg_pct": 100 * float(unfit[eeg].mean()),
        "confidence": float(results.features["confidence"].mean()),
        **{f"n_{level}": found[level] for level in LEVELS},
        **night_summary(results.features, results.hypnogram).to_dict(),
    }


def _types(results: Results) -> dict[str, str]:
    raw = results.recording
    return dict(zip(raw.ch_names, raw.get_channel_types(), strict=True))


def montage_id(channels: pd.DataFrame) -> str:
    """Name a set of channels: the same eight digits wherever names, rates and units are the same.

    It stands for the kind of device: nothing in it is the serial of one.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"name": ["C4-M1", "Chin"], "sfreq": 256.0, "unit": "uV"})
    >>> montage_id(table) == montage_id(table[::-1]), len(montage_id(table))
    (True, 8)
    """
    rows = sorted(f"{row.name}|{row.sfreq:g}|{row.unit}" for row in channels.itertuples(index=False))
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:8]


def month(start: Any) -> str:
    """Return year and month of a start: what drifts over months can be seen, and no day is kept."""
    return "" if start is None else f"{start:%Y-%m}"


def peak_memory_mb() -> float:
    """Peak resident memory of this process so far in MB; NaN on Windows."""
    try:
        import resource
    except ImportError:
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak) / (2**20 if sys.platform == "darwin" else 2**10)
