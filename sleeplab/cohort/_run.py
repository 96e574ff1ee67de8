"""A cohort: list the nights, leave out what is finished, do the rest on the workers, make the tables."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sleeplab.cohort._fetch import sketch
from sleeplab.cohort._night import Outcome, Settings, process, why
from sleeplab.cohort._places import Item, list_recordings
from sleeplab.cohort._schemas import to_arrow
from sleeplab.cohort._store import Store
from sleeplab.cohort._workers import Task, Workers, check_installed, connect, run_tasks

if TYPE_CHECKING:
    import pandas as pd

BATCH = 64
"""Recordings that one task names: naming takes milliseconds, less than a task costs."""

OnProgress = Callable[["Progress"], None]


class Progress(NamedTuple):
    """How far a cohort is.

    Attributes
    ----------
    stage
        ``listed``, ``named``, ``computed`` or ``gathered``: what has been done.
    done, total
        Recordings, of those that have to be named or computed.
    n_failed
        How many of them failed.
    dashboard
        Address of Dask's dashboard.
    """

    stage: str
    done: int
    total: int
    n_failed: int = 0
    dashboard: str = ""


class Summary(NamedTuple):
    """What a command did for a cohort.

    Attributes
    ----------
    n_recordings, n_duplicates, n_finished, n_computed
        Recordings found; of these, further copies of another; finished by an earlier command; computed now.
    failures : pandas.DataFrame
        ``position, night_id, step, reason``, as in ``failures.parquet``.
    items : list of Item
        The recordings in the order of their positions. Their places are for the user's own screen only.
    night_ids : dict
        Position to pseudonym.
    seconds, fetched_bytes
        Time in all, and what came from URLs for the computed nights.
    """

    n_recordings: int
    n_duplicates: int
    n_finished: int
    n_computed: int
    failures: pd.DataFrame
    items: list[Item]
    night_ids: dict[int, str]
    seconds: float
    fetched_bytes: int


@dataclass
class _State:
    """What is known so far of this run."""

    items: list[Item]
    night_ids: dict[int, str] = field(default_factory=dict)
    keys: dict[int, str] = field(default_factory=dict)
    failures: list[tuple[int, str | None, str, str]] = field(default_factory=list)
    fetched_bytes: int = 0


def run_cohort(
    sources: Sequence[str | Path],
    out: str | Path,
    *,
    settings: Settings = Settings(),  # noqa: B008  # a tuple cannot be changed
    workers: Workers = Workers(),  # noqa: B008
    on_progress: OnProgress = lambda _: None,
) -> Summary:
    """Run the flow on many nights and keep what it finds as Parquet.

    What is finished is not computed again: after an interruption of any kind the same call goes on. One bad
    night never stops the others.

    Parameters
    ----------
    sources
        Recordings, folders, patterns, lists, BIDS data sets, URLs: see `list_recordings`.
    out
        The folder for the results. The tables in it hold the nights of `sources` of the last call.
    settings
        What is done to each night.
    workers
        Who does the work: on this computer, or a Dask scheduler by its address.
    on_progress
        Called with a `Progress` now and then.

    Returns
    -------
    Summary
        Counts, failures, and which recording has which pseudonym.

    Raises
    ------
    FileNotFoundError
        If a source is not there or holds no recording.
    ValueError
        If a list is not as it must be, or packages are missing.
    OSError
        If `out` cannot be written or is full, or the scheduler went away; what is finished is kept.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run_cohort([folder], Path(folder, "out"))
    Traceback (most recent call last):
    FileNotFoundError: There must be a recording (.bdf, .edf, .fif, .vhdr) at ... and there is none. ...
    """
    check_installed()
    begin = time.perf_counter()
    state = _State(list_recordings(sources))
    store = Store(Path(out))
    on_progress(Progress("listed", len(state.items), len(state.items)))
    with connect(workers) as client:
        _name(client, state, on_progress)
        first = _first_of_each(state)
        state.keys = {i: settings.key(state.night_ids[i], state.items[i - 1]) for i in first}
        todo = [
            i for i, key in state.keys.items() if not store.is_finished(key, with_report=settings.reports)
        ]
        failed = _compute(client, state, store, settings, todo=todo, on_progress=on_progress)
    finished = [i for i in state.keys if i not in failed]
    with keeping():
        failures = _write_tables(store, state, finished)
    on_progress(Progress("gathered", len(finished), len(finished), len(failures)))
    return Summary(
        n_recordings=len(state.items),
        n_duplicates=len(state.night_ids) - len(first),
        n_finished=len(state.keys) - len(todo),
        n_computed=len(todo) - len(failed),
        failures=failures,
        items=state.items,
        night_ids=state.night_ids,
        seconds=time.perf_counter() - begin,
        fetched_bytes=state.fetched_bytes,
    )


def name_all(items: Sequence[Item]) -> list[tuple[int, str, str]]:
    """Name recordings by their content: position, pseudonym, and why there is none.

    Of a URL one megabyte is fetched, whatever its size.
    """
    from sleeplab.recording import night_id

    named = []
    for item in items:
        try:
            with sketch(item.place) as path:
                named.append((item.position, night_id(path), ""))
        except Exception as error:  # one bad file never stops the others
            named.append((item.position, "", why(error, item.place)))
    return named


def _name(client: Any, state: _State, on_progress: OnProgress) -> None:
    """Find the pseudonym of every recording."""
    done = 0

    def keep(_: int, named: list[tuple[int, str, str]]) -> None:
        nonlocal done
        done += len(named)
        for position, night_id, reason in named:
            if night_id:
                state.night_ids[position] = night_id
            else:
                state.failures.append((position, None, "read", reason))
        link = client.dashboard_link or ""
        on_progress(Progress("named", done, len(state.items), len(state.failures), link))

    batches = [state.items[first : first + BATCH] for first in range(0, len(state.items), BATCH)]
    lost = run_tasks(client, name_all, (Task(i, (batch,)) for i, batch in enumerate(batches)), keep)
    state.failures += [(item.position, None, "read", _DIED) for task in lost for item in task.arguments[0]]


def _first_of_each(state: _State) -> list[int]:
    """Return the positions of the first copy of every night."""
    first: dict[str, int] = {}
    for position in sorted(state.night_ids):
        first.setdefault(state.night_ids[position], position)
    return sorted(first.values())


def _compute(  # noqa: PLR0913  # the parts of one run
    client: Any,
    state: _State,
    store: Store,
    settings: Settings,
    *,
    todo: Iterable[int],
    on_progress: OnProgress,
) -> set[int]:
    """Compute these positions and keep each as it comes; return those that failed."""
    from sleeplab import __version__

    waiting, failed, done = list(todo), set[int](), 0

    def keep(position: int, outcome: Outcome) -> None:
        nonlocal done
        done += 1
        state.fetched_bytes += outcome.fetched_bytes
        if outcome.packed:
            with keeping():
                store.write_night(state.keys[position], outcome.packed, outcome.report)
        else:
            failed.add(position)
            state.failures.append((position, outcome.night_id, outcome.step, outcome.reason))
        on_progress(
            Progress("computed", done, len(waiting), len(state.failures), client.dashboard_link or "")
        )

    tasks = (Task(i, (state.items[i - 1], state.night_ids[i], settings, __version__)) for i in waiting)
    lost = run_tasks(client, process, tasks, keep)
    state.failures += [(task.number, state.night_ids[task.number], "compute", _DIED) for task in lost]
    return failed | {task.number for task in lost}


_DIED = (
    "The worker died each time that it worked on this recording: too little memory (--memory), or damage "
    "that brings the program down."
)


@contextmanager
def keeping() -> Iterator[None]:
    """Say of a write that fails what follows from it."""
    try:
        yield
    except OSError as error:
        msg = (
            f"The folder of the cohort must take what is found, and writing failed ({error.strerror}). "
            "What is finished is kept. Free some space, then run the same command again."
        )
        raise OSError(error.errno, msg) from error


def _write_tables(store: Store, state: _State, finished: Sequence[int]) -> pd.DataFrame:
    """Make the data sets, ``nights`` and ``failures``; return the last."""
    import pandas as pd
    import pyarrow as pa

    store.gather(state.keys[i] for i in finished)
    order = sorted(finished, key=lambda i: state.night_ids[i])
    rows = [to_arrow(pd.DataFrame(columns=_night_columns()), "nights")]
    rows += [store.read_night(state.keys[i], "nights") for i in order]
    items = [state.items[i - 1] for i in order]
    nights = pa.concat_tables(rows)
    for name in ("site", "device"):
        place = nights.schema.get_field_index(name)
        values = pa.array([getattr(item, name) for item in items], pa.string())
        nights = nights.set_column(place, name, values)
    store.write_table(nights, "nights")
    failures = pd.DataFrame(sorted(state.failures), columns=["position", "night_id", "step", "reason"])
    store.write_table(to_arrow(failures, "failures"), "failures")
    return failures


def _night_columns() -> list[str]:
    from sleeplab.cohort._schemas import SCHEMAS

    return list(SCHEMAS["nights"])
