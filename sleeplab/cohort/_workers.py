"""Tasks on Dask workers: few in flight at a time, and a dead worker costs only its own task."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import uuid4

PER_NIGHT_GB = 3.0
"""Memory that a worker may take; a night of 8 hours with 16 channels needs half of it."""


_CONFIG = {
    "distributed.scheduler.allowed-failures": 1,
    "distributed.nanny.pre-spawn-environ.OMP_THREAD_LIMIT": 1,  # YASA's models ask for eight threads
    "distributed.worker.profile.enabled": False,  # a sample every 10 ms took 6 % of the processor
}
"""Beside what Dask does by itself: one thread per worker for OpenMP, OpenBLAS and MKL.

As many workers as cores then do not wait for each other, and sums are the same to the last bit wherever they
are made.
"""


class Workers(NamedTuple):
    """Who does the work.

    Attributes
    ----------
    scheduler
        Address of a Dask scheduler that runs already, such as ``tcp://10.0.0.4:8786``; empty: workers are
        started on this computer, and only it can reach them.
    n_workers
        How many to start here; 0: one per core, as far as the memory goes.
    memory_gb
        What each of them may take before it is started anew.
    """

    scheduler: str = ""
    n_workers: int = 0
    memory_gb: float = PER_NIGHT_GB


class Task(NamedTuple):
    """One call, and the number by which its result is known."""

    number: int
    arguments: tuple[Any, ...]


def check_installed() -> None:
    """Raise ValueError with what to install when the extra packages for cohorts are missing."""
    try:
        import distributed  # noqa: F401
        import fsspec  # noqa: F401
        import pyarrow  # noqa: F401
    except ImportError as error:
        msg = f"Cohorts need {error.name}, which is not here. Install it with: pip install 'sleeplab[cohort]'"
        raise ValueError(msg) from error


@contextmanager
def connect(workers: Workers) -> Iterator[Any]:
    """Give a Dask client: of the scheduler at that address, or of workers that end with the block.

    Yields
    ------
    distributed.Client
        ``client.dashboard_link`` is the address of the dashboard.

    Raises
    ------
    ConnectionError
        If no scheduler answers.
    """
    import dask
    from distributed import Client, LocalCluster

    if workers.scheduler:
        try:
            client = Client(workers.scheduler, timeout=15)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:
            raise ConnectionError(_NO_SCHEDULER.format(workers.scheduler)) from error
        with client:
            yield client
        return
    with (
        dask.config.set(_CONFIG),
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=workers.n_workers or default_workers(workers.memory_gb),
            threads_per_worker=1,
            memory_limit=f"{workers.memory_gb}GB",
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster) as client,  # type: ignore[no-untyped-call]
    ):
        yield client


def default_workers(memory_gb: float) -> int:
    """Return how many workers this computer can feed: one per core, as far as the memory goes.

    Examples
    --------
    >>> default_workers(memory_gb=1e6)
    1
    """
    import psutil

    n_cores = psutil.cpu_count(logical=True) or 1
    return max(1, min(n_cores, int(psutil.virtual_memory().total / 1e9 / memory_gb)))


def run_tasks(
    client: Any, function: Callable[..., Any], tasks: Iterable[Task], on_done: Callable[[int, Any], None]
) -> list[Task]:
    """Run tasks, twice as many at a time as there are workers; return those whose worker always died.

    A worker that dies takes down what it was about to do as well. So what died is tried once more, one at a
    time: only what kills its worker even alone is given up.

    Parameters
    ----------
    client
        From `connect`.
    function
        Called with the task's arguments on a worker; it must not raise.
    tasks
        What to do; read only as fast as it is done.
    on_done
        Called with the task's number and the result, one at a time. What it raises ends the run.

    Returns
    -------
    list of Task
        Those that never came back.

    Raises
    ------
    ConnectionError
        If the scheduler went away.
    """
    died = _run(client, function, tasks, on_done, most=0)
    return _run(client, function, died, on_done, most=1) if died else []


def _run(
    client: Any,
    function: Callable[..., Any],
    tasks: Iterable[Task],
    on_done: Callable[[int, Any], None],
    most: int,
) -> list[Task]:
    from distributed import KilledWorker, as_completed

    waiting, running = iter(tasks), as_completed()  # type: ignore[no-untyped-call]
    known: dict[str, Task] = {}
    died: list[Task] = []

    def submit() -> None:
        hands = client.scheduler_info(n_workers=-1).get("workers", {})
        while len(known) < (most or 2 * max(1, len(hands))):
            task = next(waiting, None)
            if task is None:
                return
            key = f"night-{task.number}-{uuid4().hex[:8]}"
            known[key] = task
            future = client.submit(function, *task.arguments, key=key, pure=False)
            running.add(future)  # type: ignore[no-untyped-call]

    submit()
    for future in running:
        task = known.pop(future.key)
        if future.cancelled():
            raise ConnectionError(_NO_SCHEDULER.format(client.scheduler.addr))
        if isinstance(future.exception(), KilledWorker):
            died.append(task)
        else:
            on_done(task.number, future.result())
        future.release()
        if client.status != "running":
            raise ConnectionError(_NO_SCHEDULER.format(client.scheduler.addr))
        submit()
    return died


_NO_SCHEDULER = (
    "A Dask scheduler must answer at {}, and none does (any more). What is finished is kept: start it, then "
    "run the same command again."
)
