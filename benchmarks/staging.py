"""Staging a night from its file: sleeplab against plain YASA, side by side in one run.

``python benchmarks/staging.py [--quick]`` writes a clean simulated night (13 channels at 256 Hz, 192 MB in 8
h) and stages it with both: YASA as in its tutorial (read all, resample to 100 Hz, stage one derivation with
EOG and chin), sleeplab with `read_recording`, `check_quality` and `stage`. *Cold*: a process of its own, from
its start to its end, median of three. *Warm*: the third night of a process. *CPU*: processor time, which a
busy machine changes less. *Floor*: a process that only imports YASA, its models' LightGBM and MNE. It prints
seconds, peak memory, the steps, and the agreement of both with the truth and with each other. The last line
is JSON. ``--quick`` takes 20 minutes and fewer runs: for the form, not the numbers.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import edfio
import numpy as np
from reading import peak_memory_mb

STAGERS = ("yasa", "sleeplab")
SEED = 1
FIGURES = ("cold_s", "cold_cpu_s", "warm_s", "warm_cpu_s", "peak_mb")


def write_night(path: Path, hours: float) -> list[str]:
    """Write a simulated night with 13 channels at 256 Hz; return its true stages."""
    from sleeplab.simulate import write_simulated_edf

    truth = write_simulated_edf(path, SEED, hours=hours)
    signals = edfio.read_edf(path).signals
    flow = next(signal for signal in signals if signal.label == "Resp Flow")
    fast_flow = edfio.EdfSignal.from_digital(
        np.repeat(flow.digital, 8),
        256,
        label=flow.label,
        physical_dimension=flow.physical_dimension,
        physical_range=flow.physical_range,
    )
    edfio.Edf([*signals[:12], fast_flow], data_record_duration=1).write(path)
    return truth.hypnogram.hypno.astype(str).tolist()


class Clock:
    """Seconds of each step, and of the processor in all."""

    def __init__(self) -> None:
        self.steps: dict[str, float] = {}
        self.last, self.cpu = time.perf_counter(), time.process_time()

    def lap(self, name: str) -> None:
        """Note the end of a step."""
        now = time.perf_counter()
        self.steps[name] = now - self.last
        self.last = now


def stage_with_yasa(path: Path, clock: Clock) -> list[str]:
    """Stage as in YASA's tutorial."""
    import mne
    import yasa

    clock.lap("import")
    raw = mne.io.read_raw_edf(path, preload=True, verbose="error")
    clock.lap("read")
    raw.resample(100, verbose="error")
    clock.lap("resample")
    stager = yasa.SleepStaging(raw, eeg_name="EEG C4-M1", eog_name="EOG E1-M2", emg_name="EMG Chin")
    stages = stager.predict().hypno.astype(str).tolist()
    clock.lap("stage")
    return stages


def stage_with_sleeplab(path: Path, clock: Clock) -> list[str]:
    """Read the channels that are needed, judge them, stage one derivation; another in case it is lost."""
    import sleeplab

    clock.lap("import")
    eeg = ["EEG C4-M1", "EEG C3-M2"]
    recording = sleeplab.read_recording(path, eeg=eeg, roles=("eeg", "eog", "chin", "ecg"))
    clock.lap("read")
    gate = sleeplab.check_quality(recording)
    clock.lap("gate")
    stages = sleeplab.stage(recording, gate).hypno.astype(str).tolist()
    clock.lap("stage")
    return stages


def import_only(path: Path, clock: Clock) -> list[str]:
    """Import what staging with YASA's models needs, and nothing else."""
    import lightgbm
    import mne
    import yasa

    clock.lap("import")
    return [lightgbm.__name__, mne.__name__, yasa.__name__]


def run_child(stager: str, path: Path, nights: int) -> None:
    """Stage the file one or more times in this process; print the figures of the last time as JSON."""
    warnings.simplefilter("ignore")
    stage = {"yasa": stage_with_yasa, "sleeplab": stage_with_sleeplab, "floor": import_only}[stager]
    for _ in range(nights):
        clock = Clock()
        stages = stage(path, clock)
    night_cpu_s, cpu_s = time.process_time() - clock.cpu, time.process_time()
    figures = {"peak_mb": peak_memory_mb(), "cpu_s": cpu_s, "night_cpu_s": night_cpu_s}
    print(json.dumps({**figures, "steps": clock.steps, "stages": stages}))


def measure(stager: str, path: Path, repeats: int) -> dict[str, object]:
    """Time cold processes, and the last of several nights in one process."""
    cold = []
    for _ in range(repeats):
        begin = time.perf_counter()
        found = _child(stager, path, 1)
        cold.append((time.perf_counter() - begin, found["cpu_s"]))
    cold_s, cold_cpu_s = (statistics.median(column) for column in zip(*cold, strict=True))
    warm = _child(stager, path, max(repeats, 2))
    return {
        "cold_s": cold_s,
        "cold_cpu_s": cold_cpu_s,
        "warm_s": sum(warm["steps"].values()),
        "warm_cpu_s": warm["night_cpu_s"],
        "peak_mb": found["peak_mb"],
        "cold_steps": found["steps"],
        "warm_steps": warm["steps"],
        "stages": found["stages"],
    }


def _child(stager: str, path: Path, nights: int) -> dict:
    """Run in a process of its own: one thread, as a Dask worker; compiled Python kept, as when installed."""
    command = [sys.executable, __file__, "--child", stager, str(path), str(nights)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": ""}
    run = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)  # noqa: S603
    return json.loads(run.stdout.splitlines()[-1])


def compare(hours: float, repeats: int) -> dict[str, object]:
    """Write the night and stage it with both; where there are repeats, a first run fills the caches.

    The night is written by another process: a child's peak memory cannot be read below its parent's.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "night.edf")
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            truth = np.array(pool.submit(write_night, path, hours).result())
        file_mb = round(path.stat().st_size / 1e6, 1)
        for stager in STAGERS if repeats > 1 else ():
            _child(stager, path, 1)
        result: dict[str, object] = {stager: measure(stager, path, repeats) for stager in STAGERS}
        floor = measure("floor", path, repeats)
    stages = {stager: np.array(result[stager].pop("stages")) for stager in STAGERS}
    for stager in STAGERS:
        result[stager]["accuracy"] = float((stages[stager] == truth).mean())
    ours, theirs = result["sleeplab"], result["yasa"]
    result["floor"] = {name: floor[name] for name in ("cold_s", "cold_cpu_s", "peak_mb")}
    result["ratios"] = {name: theirs[name] / ours[name] for name in FIGURES}
    same = float((stages["yasa"] == stages["sleeplab"]).mean())
    return result | {"file_mb": file_mb, "hours": hours, "same_stages": same}


def main() -> None:
    """Print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="20 minutes: for the form, not the numbers")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        stager, path, nights = arguments.child
        run_child(stager, Path(path), int(nights))
        return
    result = compare(1 / 3, 1) if arguments.quick else compare(8.0, 3)
    print(f"{'':10}" + "".join(f"{name:>12}" for name in (*FIGURES, "accuracy")))
    for name in (*STAGERS, "floor", "ratios"):
        row = result[name]
        figures = ("-" if key not in row else f"{row[key]:.{0 if row[key] > 100 else 2}f}" for key in FIGURES)
        accuracy = f"{row['accuracy']:12.3f}" if "accuracy" in row else ""
        print(f"{name:10}" + "".join(f"{figure:>12}" for figure in figures) + accuracy)
        for kind in ("cold", "warm") if name in STAGERS else ():
            steps = (f"{step} {seconds:.2f}" for step, seconds in row[f"{kind}_steps"].items())
            print(f"{'':10}{kind}: {', '.join(steps)}")
    print(f"same stages: {result['same_stages']:.3f}; file {result['file_mb']} MB")
    print(json.dumps({"quick": arguments.quick, **result}))


if __name__ == "__main__":
    main()
