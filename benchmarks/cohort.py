"""Many nights: `sleeplab.cohort` with one and two workers against the loop a user would write, in one run.

``python benchmarks/cohort.py [--quick] [--nights N]`` simulates nights of 8 hours and 184 MB. The loop reads
with MNE, resamples to 100 Hz, stages with YASA (one derivation) and, in its second form, also finds spindles
and slow waves and measures band power, which is what there is to call for a table of features. sleeplab's
flow judges quality, stages three derivations, measures every epoch, writes the ledger and draws the report.
All are warm: what the first night of a process costs (imports, compiling) is told apart. Seconds of the
processor are told beside those of the clock, because they hold on a busy computer too. The last line is JSON.
``--quick`` takes nights of 12 minutes: for the form, not for the numbers.
"""

import argparse
import json
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

LOOPS = ("stages", "stages_events_power")
EEG, EOG, EMG = "EEG C4-M1", "EOG E1-M2", "EMG Chin"


def write_night(path: str, seed: int, hours: float) -> list[str]:
    """Write a night; return the labels of its channels."""
    import mne

    from sleeplab.simulate import write_simulated_edf

    write_simulated_edf(path, seed, hours=hours)
    return mne.io.read_raw_edf(path, verbose="error").ch_names


def plain_loop(paths: list[str], channels: list[str], form: str) -> list[tuple[float, float]]:
    """Do what a user would write with MNE and YASA; seconds of clock and processor per night."""
    import mne
    import yasa

    eeg, eog, emg = channels
    seconds = []
    for path in paths:
        begin, begin_cpu = time.perf_counter(), time.process_time()
        raw = mne.io.read_raw_edf(path, preload=True, verbose="error")
        raw.resample(100, verbose="error")
        hypnogram = yasa.SleepStaging(raw, eeg_name=eeg, eog_name=eog, emg_name=emg).predict()
        hypnogram.sleep_statistics()
        if form == "stages_events_power":
            picked = raw.copy().pick([name for name in raw.ch_names if name.startswith("EEG")])
            stages = hypnogram.upsample_to_data(picked)
            yasa.spindles_detect(picked, hypno=stages, verbose="error")
            yasa.sw_detect(picked, hypno=stages, verbose="error")
            yasa.bandpower(picked, hypno=stages)
        seconds.append((time.perf_counter() - begin, time.process_time() - begin_cpu))
    return seconds


def cohort_run(paths: list[str], n_workers: int, out: str) -> dict[str, float]:
    """Run the cohort; the rate is taken once every worker has done its first night."""
    from sleeplab import cohort

    done: list[float] = []

    def on_progress(now: cohort.Progress) -> None:
        if now.stage == "computed":
            done.append(time.perf_counter())

    begin = time.perf_counter()
    cohort.run_cohort(paths, out, workers=cohort.Workers(n_workers=n_workers), on_progress=on_progress)
    nights = pd.read_parquet(Path(out, "nights.parquet"))
    kept = sum(p.stat().st_size for p in Path(out, "nights").iterdir()) / len(paths)
    return {
        "seconds_per_night": (done[-1] - done[n_workers - 1]) / (len(paths) - n_workers),
        "first_night_s": done[0] - begin,
        "nights_per_hour": 3600 * (len(paths) - n_workers) / (done[-1] - done[n_workers - 1]),
        "cpu_s": float(nights["cpu_s"].nsmallest(len(nights) - n_workers).mean()),
        "peak_mb": float(nights["peak_mb"].max()),
        "kept_mb_per_night": kept / 1e6,
    }


def dask_overhead_ms(path: str, n_tasks: int) -> float:
    """Milliseconds per task that does nothing and returns the tables of a night."""
    from sleeplab import __version__, cohort
    from sleeplab.cohort._night import process
    from sleeplab.cohort._workers import Task, connect, run_tasks
    from sleeplab.recording import night_id

    outcome = process(cohort.Item(1, path), night_id(path), cohort.Settings(), __version__)
    with connect(cohort.Workers(n_workers=1)) as client:
        give = (Task(i, (outcome,)) for i in range(n_tasks))
        begin = time.perf_counter()
        run_tasks(client, lambda outcome: outcome, give, lambda *_: None)
        return 1000 * (time.perf_counter() - begin) / n_tasks


def apart(function: object, *arguments: object) -> object:
    """Call in a process of its own, so that nothing is warm."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def measure(folder: Path, n_nights: int, hours: float, *, quick: bool) -> dict[str, object]:
    """Measure everything on the same nights."""
    paths = [str(folder / f"{seed}.edf") for seed in range(n_nights)]
    labels, *_ = [apart(write_night, path, seed, hours) for seed, path in enumerate(paths)]
    channels = [next(label for label in labels if part in label) for part in ("C4-M1", "E1-M2", "Chin")]
    figures: dict[str, object] = {
        "hours": hours, "n_nights": n_nights, "file_mb": round(Path(paths[0]).stat().st_size / 1e6, 1)
    }  # fmt: skip
    for form in LOOPS[: 1 if quick else 2]:
        seconds = apart(plain_loop, paths[: max(2, n_nights // 2)], channels, form)
        warm = np.mean(seconds[1:], axis=0)
        figures[f"plain_{form}"] = {
            "seconds_per_night": float(warm[0]),
            "cpu_s": float(warm[1]),
            "first_night_s": seconds[0][0],
            "nights_per_hour": 3600 / float(warm[0]),
        }
    for n_workers in (1, 2):
        figures[f"workers_{n_workers}"] = cohort_run(paths, n_workers, str(folder / f"out{n_workers}"))
    if not quick:
        figures["dask_overhead_ms"] = dask_overhead_ms(paths[0], 100)
    return figures


def print_table(figures: dict[str, object]) -> None:
    """Print one line per way of doing it."""
    print(f"{figures['n_nights']} nights of {figures['hours']:g} h, {figures['file_mb']} MB each")
    print(f"{'':28}{'s per night':>12}{'cpu, s':>9}{'nights/h':>10}{'first, s':>10}{'peak MB':>9}")
    for name, row in figures.items():
        if isinstance(row, dict):
            print(
                f"{name:28}{row['seconds_per_night']:12.1f}{row['cpu_s']:9.1f}{row['nights_per_hour']:10.0f}"
                f"{row['first_night_s']:10.1f}{row.get('peak_mb', float('nan')):9.0f}"
            )
    for name in (
        "times_faster_per_core",
        "times_faster_than_all",
        "scaling_of_2_workers",
        "dask_overhead_ms",
    ):
        if name in figures:
            print(f"{name:28}{figures[name]:12.2f}")


def main() -> None:
    """Print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="nights of 12 minutes: for the form")
    parser.add_argument("--nights", type=int, default=6, help="how many (default: %(default)s)")
    options = parser.parse_args()
    if options.nights < 3:
        parser.error(
            f"--nights must be 3 or more, the first night of each worker is not counted; got {options.nights}"
        )
    with tempfile.TemporaryDirectory() as folder:
        n_nights, hours = (3, 0.2) if options.quick else (options.nights, 8.0)
        figures = measure(Path(folder), n_nights, hours, quick=options.quick)
    one, two = figures["workers_1"], figures["workers_2"]
    figures["scaling_of_2_workers"] = one["seconds_per_night"] / two["seconds_per_night"]
    for form, name in zip(LOOPS, ("times_faster_per_core", "times_faster_than_all"), strict=True):
        if f"plain_{form}" in figures:
            figures[name] = figures[f"plain_{form}"]["cpu_s"] / one["cpu_s"]
    print_table(figures)
    print(json.dumps({"quick": options.quick, **figures}))


if __name__ == "__main__":
    main()
