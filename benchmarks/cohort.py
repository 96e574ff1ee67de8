"""Many nights: `sleeplab.cohort` with one and two workers against the loop a user would write, in one run.

``python benchmarks/cohort.py [--quick] [--nights N]`` simulates nights of 8 hours and 184 MB. The loop reads
with MNE, resamples to 100 Hz and stages with YASA (one derivation); in its second form it also finds spindles
and slow waves and measures band power, which is what there is to call for a table of features. "flow" is
sleeplab's own loop: `process_night` without a report, that is the gate, stages of one derivation, features
of every epoch, the ledger; "workers" is the same by `run_cohort` on one and two workers, kept as tables.

Each side has processes of its own with one thread each, started as a user would start them, and files that
the system has in its memory. The first night of each process is told apart (imports, compiling, models).
Seconds of the processor are told beside those of the clock, because they hold on a busy computer too; "all
cpu" is everything that the command took, its start, Dask and the tables included, over its nights. The last
line is JSON. ``--quick`` takes nights of 12 minutes: for the form, not for the numbers.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

THREADS = dict.fromkeys(
    ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"
)
N_EMPTY = 100


def write_nights(paths: list[str], hours: float) -> None:
    """Write the nights."""
    from sleeplab.simulate import write_simulated_edf

    for seed, path in enumerate(paths):
        write_simulated_edf(path, seed, hours=hours)


def plain_stages(path: str) -> None:
    """Stage a night as the tutorials of MNE and YASA do."""
    _plain(path)


def plain_all(path: str) -> None:
    """Stage it, find spindles and slow waves, measure band power."""
    import yasa

    raw, hypnogram = _plain(path)
    eeg = raw.pick([name for name in raw.ch_names if name.startswith("EEG")])
    stages = hypnogram.upsample_to_data(eeg)
    yasa.spindles_detect(eeg, hypno=stages, verbose="error")
    yasa.sw_detect(eeg, hypno=stages, verbose="error")
    yasa.bandpower(eeg, hypno=stages)


def _plain(path: str) -> tuple[object, object]:
    import mne
    import yasa

    raw = mne.io.read_raw_edf(path, preload=True, verbose="error")
    raw.resample(100, verbose="error")
    eeg, eog, emg = (
        next(name for name in raw.ch_names if part in name) for part in ("C4-M1", "E1-M2", "Chin")
    )
    hypnogram = yasa.SleepStaging(raw, eeg_name=eeg, eog_name=eog, emg_name=emg).predict()
    hypnogram.sleep_statistics()
    return raw, hypnogram


def flow(path: str) -> None:
    """Do what a worker does with a night, without a cohort."""
    import sleeplab

    sleeplab.process_night(path, lang=None)


def loop(one: Callable[[str], None], paths: list[str]) -> dict[str, float]:
    """Take one night after the other."""
    from sleeplab.cohort._night import peak_memory_mb

    clock, processor = [time.perf_counter()], [time.process_time()]
    for path in paths:
        one(path)
        clock.append(time.perf_counter())
        processor.append(time.process_time())
    seconds = float(np.diff(clock)[1:].mean())
    return {
        "seconds_per_night": seconds,
        "nights_per_hour": 3600 / seconds,
        "cpu_s": float(np.diff(processor)[1:].mean()),
        "all_cpu_s": processor[-1] / len(paths),
        "first_night_s": clock[1] - clock[0],
        "peak_mb": peak_memory_mb(),
    }


def cohort_run(paths: list[str], n_workers: int, out: str) -> dict[str, float]:
    """Run the cohort; the clock runs from when every worker has done its first night."""
    import resource

    from sleeplab import cohort

    done: list[float] = []

    def on_progress(now: cohort.Progress) -> None:
        if now.stage == "computed":
            done.append(time.perf_counter())

    begin = time.perf_counter()
    cohort.run_cohort(paths, out, workers=cohort.Workers(n_workers=n_workers), on_progress=on_progress)
    nights = pd.read_parquet(Path(out, "nights.parquet"))
    kept = [p for p in Path(out).rglob("*") if p.is_file()]
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    seconds = (done[-1] - done[n_workers - 1]) / (len(paths) - n_workers)
    return {
        "seconds_per_night": seconds,
        "nights_per_hour": 3600 / seconds,
        "cpu_s": float(nights["cpu_s"].nsmallest(len(nights) - n_workers).mean()),
        "all_cpu_s": sum(use.ru_utime + use.ru_stime for use in used) / len(paths),
        "first_night_s": done[0] - begin,
        "peak_mb": float(nights["peak_mb"].max()),
        "kept_mb_per_night": sum(p.stat().st_size for p in kept) / len(paths) / 1e6,
    }


def around_a_night(out: str) -> dict[str, float]:
    """Milliseconds of the command's processor per night: a task on Dask, keeping its result, making tables.

    ``dask_wait_ms`` is the clock's for the task: what a worker waits when its queue is empty.
    """
    from sleeplab.cohort._store import Store
    from sleeplab.cohort._workers import Task, Workers, connect, run_tasks

    packed = next(Path(out, "nights").iterdir()).read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        store, keys = Store(Path(folder)), [f"{i % 16:x}{i:011x}-0" for i in range(N_EMPTY)]
        with connect(Workers(n_workers=1)) as client:
            run_tasks(client, bytes, [Task(0, (packed,))], lambda *_: None)
            tasks = [Task(i, (packed,)) for i in range(N_EMPTY)]
            dask_wait_ms, dask_ms = _milliseconds(lambda: run_tasks(client, bytes, tasks, lambda *_: None))
        _, keep_ms = _milliseconds(lambda: [store.write_night(key, packed) for key in keys])
        _, tables_ms = _milliseconds(lambda: store.gather(keys))
    return {"dask_wait_ms": dask_wait_ms, "dask_ms": dask_ms, "keep_ms": keep_ms, "tables_ms": tables_ms}


def _milliseconds(work: Callable[[], object]) -> tuple[float, float]:
    clock, processor = time.perf_counter(), time.process_time()
    work()
    used = time.perf_counter() - clock, time.process_time() - processor
    return 1000 * used[0] / N_EMPTY, 1000 * used[1] / N_EMPTY


def apart(function: Callable[..., object], *arguments: object) -> object:
    """Call in a process of its own, so that nothing is warm."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def measure(folder: Path, n_nights: int, hours: float, *, quick: bool) -> dict[str, object]:
    """Measure everything on the same nights."""
    paths = [str(folder / f"{seed}.edf") for seed in range(n_nights)]
    apart(write_nights, paths, hours)
    figures: dict[str, object] = {
        "hours": hours, "n_nights": n_nights, "file_mb": round(Path(paths[0]).stat().st_size / 1e6, 1)
    }  # fmt: skip
    for one in (plain_stages, flow) if quick else (plain_stages, plain_all, flow):
        figures[one.__name__] = apart(loop, one, paths[: max(2, n_nights // 2)])
    for n_workers in (1, 2):
        out = str(folder / f"out{n_workers}")
        figures[f"workers_{n_workers}"] = apart(cohort_run, paths, n_workers, out)
    figures["around_a_night"] = apart(around_a_night, out)
    return figures


def ratios(figures: dict[str, dict[str, float]]) -> dict[str, float]:
    """Compare."""
    one, two = figures["workers_1"], figures["workers_2"]
    found = {
        "scaling_of_2_workers": one["seconds_per_night"] / two["seconds_per_night"],
        "cpu_of_2_workers": two["cpu_s"] / one["cpu_s"],
        "cohort_adds_cpu_s": one["cpu_s"] - figures["flow"]["cpu_s"],
    }
    for name, words in (("plain_stages", "times_faster_per_core"), ("plain_all", "times_faster_than_all")):
        if name in figures:
            found[words] = figures[name]["cpu_s"] / one["cpu_s"]
            found[f"{words}_by_clock"] = figures[name]["seconds_per_night"] / one["seconds_per_night"]
    return found


def print_table(figures: dict[str, dict[str, float]]) -> None:
    """Print one line per way of doing it."""
    print(f"{figures['n_nights']} nights of {figures['hours']:g} h, {figures['file_mb']} MB each")
    print(
        f"{'':14}{'s per night':>12}{'cpu, s':>9}{'all cpu, s':>12}{'nights/h/core':>15}{'first, s':>10}"
        f"{'peak MB':>9}"
    )
    for name in ("plain_stages", "plain_all", "flow", "workers_1", "workers_2"):
        if name in figures:
            row, cores = figures[name], 2 if name == "workers_2" else 1
            print(
                f"{name:14}{row['seconds_per_night']:12.2f}{row['cpu_s']:9.2f}{row['all_cpu_s']:12.2f}"
                f"{row['nights_per_hour'] / cores:15.0f}{row['first_night_s']:10.1f}{row['peak_mb']:9.0f}"
            )
    for name, value in {**figures["around_a_night"], **ratios(figures)}.items():
        print(f"{name:33}{value:8.2f}")


def main() -> None:
    """Print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="nights of 12 minutes: for the form")
    parser.add_argument("--nights", type=int, default=6, help="how many (default: %(default)s)")
    options = parser.parse_args()
    if options.nights < 4 or options.nights % 2:
        parser.error(
            f"--nights must be even, so that two workers end together, and 4 or more; got {options.nights}"
        )
    os.environ.update(THREADS)
    with tempfile.TemporaryDirectory() as folder:
        n_nights, hours = (4, 0.2) if options.quick else (options.nights, 8.0)
        figures = measure(Path(folder), n_nights, hours, quick=options.quick)
    print_table(figures)
    print(json.dumps({"quick": options.quick, **figures, **ratios(figures)}))


if __name__ == "__main__":
    main()
