"""Cohorts on workers: what is finished is neither lost nor computed again, whatever dies."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd
import pytest

pytest.importorskip("pyarrow", reason="the extra packages for cohorts are not installed")
pytest.importorskip("distributed", reason="the extra packages for cohorts are not installed")

from distributed import Client, LocalCluster

from sleeplab import cohort
from sleeplab.cohort._schemas import DATASETS, MEASURED
from sleeplab.cohort._workers import Task, run_tasks
from sleeplab.simulate import write_simulated_edf

HOURS = 0.11
N_NIGHTS = 4
START_S = 120  # a loaded machine takes long to start a process

# Dask's own clean-up; its sockets and event loops are closed by the interpreter.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four nights, a copy of one, and a file that is no recording."""
    folder = tmp_path_factory.mktemp("archive")
    for seed in range(N_NIGHTS):
        write_simulated_edf(folder / f"Jeanne DUPONT {seed}.edf", seed, hours=HOURS)
    shutil.copy(folder / "Jeanne DUPONT 1.edf", folder / "the same again.edf")
    (folder / "torn.edf").write_bytes((folder / "Jeanne DUPONT 2.edf").read_bytes()[:3000])
    return folder


@contextmanager
def served(command: str, *arguments: str, ready: Callable[[], bool]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a part of Dask as a process of its own, and stop it with all that it started."""
    line = [sys.executable, "-m", f"distributed.cli.dask_{command}", *arguments]
    environment = os.environ | {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1", "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, start_new_session=True
    )
    try:
        end = time.monotonic() + START_S
        while not ready():
            assert time.monotonic() < end, f"dask {command} did not start"
            time.sleep(0.2)
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its children, which share its session."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def scheduler(port: int) -> object:
    options = ("--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
    return served("scheduler", *options, ready=lambda: answers(port))


def worker(port: int) -> object:
    options = ("--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard", "--memory-limit", "3GB")
    address = f"tcp://127.0.0.1:{port}"

    def ready() -> bool:
        with Client(address, timeout=START_S) as client:
            return bool(client.scheduler_info()["workers"])

    return served("worker", address, *options, ready=ready)


def content(out: Path) -> dict[str, bytes]:
    """All that a cohort keeps and that does not depend on the run: files, and nights without costs."""
    files = {
        str(p.relative_to(out)): p.read_bytes() for name in DATASETS for p in (out / name).rglob("*.parquet")
    }
    rows = pd.read_parquet(out / "nights.parquet").drop(columns=list(MEASURED))
    failures = pd.read_parquet(out / "failures.parquet")
    return files | {"nights": rows.to_json().encode(), "failures": failures.to_json().encode()}


@pytest.fixture(scope="module")
def undisturbed(nights: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[cohort.Summary, Path]:
    out = tmp_path_factory.mktemp("undisturbed")
    return cohort.run_cohort([nights], out, workers=cohort.Workers(n_workers=1)), out


# The tasks, without nights


@pytest.fixture(scope="module")
def here() -> Iterator[Client]:
    """Two workers as threads of this process."""
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0"
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def test_every_task_is_done_once_and_few_are_in_flight(here: Client) -> None:
    taken, done, ahead = 0, dict[int, int](), []

    def tasks() -> Iterator[Task]:
        nonlocal taken
        for number in range(30):
            taken += 1
            yield Task(number, (number,))

    def keep(number: int, result: int) -> None:
        done[number] = result
        ahead.append(taken - len(done))

    assert run_tasks(here, lambda number: number**2, tasks(), keep) == []
    assert done == {number: number**2 for number in range(30)}
    assert max(ahead) <= 4


def test_what_the_client_raises_ends_the_run(here: Client) -> None:
    with pytest.raises(OSError, match="No space left"):
        run_tasks(here, abs, (Task(i, (i,)) for i in range(5)), lambda number, _: full(number))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the settings are of glibc")
def test_workers_have_one_thread_and_keep_freed_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a hundred arrays of 4 MB: 1024 new pages for each where memory is given back, else for one."""

    def at_work() -> tuple[set[int], str, int]:
        import resource

        import numpy as np
        import threadpoolctl

        cohort._night.process(cohort.Item(1, "none.edf"), "0f", cohort.Settings(), "0")
        np.ones(1 << 19)
        begin = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(100):
            np.ones(1 << 19)
        n_pages = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - begin
        n_threads = {pool["num_threads"] for pool in threadpoolctl.threadpool_info()}
        return n_threads, os.environ["OMP_THREAD_LIMIT"], n_pages

    for name in ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    with cohort._workers.connect(cohort.Workers(n_workers=1)) as client:
        n_threads, most_threads, n_pages = client.submit(at_work).result()
    assert n_threads == {1}
    assert most_threads == "1", "what asks for more than the default gets no more either"
    assert n_pages < 10 * 1024


def test_no_scheduler_is_said_with_what_to_do(
    tmp_path: Path, nights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    workers = cohort.Workers(scheduler=address)
    monkeypatch.setattr("distributed.Client", refused)
    with pytest.raises(ConnectionError, match=f"must answer at {address}, and none does"):
        cohort.run_cohort([nights], tmp_path, workers=workers)


def refused(*_: object, **__: object) -> None:
    msg = "Timed out trying to connect"
    raise OSError(msg)


@pytest.mark.slow
def test_a_task_that_kills_its_workers_is_given_up_and_its_neighbours_are_not() -> None:
    def deadly(number: int) -> int:
        if number == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    done: dict[int, int] = {}
    with cohort._workers.connect(cohort.Workers(n_workers=2)) as client:
        lost = run_tasks(client, deadly, (Task(i, (i,)) for i in range(8)), done.__setitem__)
    assert [task.number for task in lost] == [3]
    assert set(done) == set(range(8)) - {3}


# Nights


@pytest.mark.slow
def test_a_cohort_is_computed_with_failures_and_copies_told(undisturbed: tuple[cohort.Summary, Path]) -> None:
    summary, out = undisturbed
    assert (summary.n_recordings, summary.n_duplicates, summary.n_computed) == (6, 1, N_NIGHTS)
    (failure,) = summary.failures.to_dict("records")
    assert (failure["position"], failure["step"]) == (6, "read")
    assert "The header announces" in failure["reason"]
    rows = pd.read_parquet(out / "nights.parquet")
    assert rows["night_id"].is_monotonic_increasing
    assert len(rows) == N_NIGHTS
    assert set(pd.read_parquet(out / "features")["night_id"]) == set(rows["night_id"])
    for path in out.rglob("*"):
        assert "DUPONT" not in path.name
        assert not path.is_file() or b"DUPONT" not in path.read_bytes()


@pytest.mark.slow
def test_the_same_command_computes_nothing_again(
    undisturbed: tuple[cohort.Summary, Path], nights: Path, tmp_path: Path
) -> None:
    _, whole = undisturbed
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    archives = {p: p.stat().st_mtime_ns for p in (out / "nights").iterdir()}
    summary = cohort.run_cohort([nights], out, workers=cohort.Workers(n_workers=1))
    assert (summary.n_finished, summary.n_computed) == (N_NIGHTS, 0)
    assert {p: p.stat().st_mtime_ns for p in (out / "nights").iterdir()} == archives
    assert content(out) == content(whole)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is of POSIX")
def test_what_a_killed_worker_a_dead_scheduler_and_a_full_disk_interrupt_ends_the_same(
    undisturbed: tuple[cohort.Summary, Path],
    nights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Kill a worker in the middle of a night, then the scheduler; start it again, fill the disk, free it."""
    port, out = free_port(), tmp_path / "out"
    workers = cohort.Workers(scheduler=f"tcp://127.0.0.1:{port}")
    with scheduler(port) as first, worker(port):
        killed = threading.Event()

        def on_progress(now: cohort.Progress) -> None:
            if now.stage == "computed" and now.done - now.n_failed >= 1:
                killed.wait(START_S)
                stop(first)

        killer = threading.Thread(target=kill_worker_once, args=(workers.scheduler, killed))
        killer.start()
        with pytest.raises(ConnectionError, match=r"none does \(any more\)"):
            cohort.run_cohort([nights], out, workers=workers, on_progress=on_progress)
        killer.join()
    assert killed.is_set()
    kept = {p.name: p.stat().st_mtime_ns for p in (out / "nights").glob("*.zip")}
    assert 1 <= len(kept) < N_NIGHTS
    with scheduler(port), worker(port):
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match=r"writing failed \(No space left on device\)"):
            cohort.run_cohort([nights], out, workers=workers)
        monkeypatch.undo()
        assert {p.name for p in (out / "nights").iterdir()} == set(kept)
        summary = cohort.run_cohort([nights], out, workers=workers)
    assert (summary.n_finished, summary.n_computed) == (len(kept), N_NIGHTS - len(kept))
    assert {name: (out / "nights" / name).stat().st_mtime_ns for name in kept} == kept
    assert content(out) == content(undisturbed[1])


def full(_: int) -> None:
    raise OSError(28, "No space left on device")


def kill_worker_once(address: str, killed: threading.Event) -> None:
    """Kill -9 the worker while it computes a night, and say so."""
    with Client(address, timeout=START_S) as client:
        pids = client.run(os.getpid)
        end = time.monotonic() + START_S
        while not any("night-" in str(key) for keys in client.processing().values() for key in keys):
            assert time.monotonic() < end, "no night was begun"
            time.sleep(0.05)
        time.sleep(0.5)
    for pid in pids.values():
        os.kill(pid, signal.SIGKILL)
    killed.set()
