"""Staging channels of a night, ready at 100 Hz: sleeplab against MNE, side by side in one run.

``python benchmarks/reading.py [--quick]`` writes two nights with a known signal, reads each with both in
processes of their own, and prints seconds, peak memory, ratios and the error against the truth. The last
line is JSON. ``--quick`` takes 20-minute nights: for the form, not for the numbers.
"""

import argparse
import json
import math
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import edfio
import numpy as np

if TYPE_CHECKING:
    import mne

HERTZ = np.array([0.7, 1.3, 2.9, 4.1, 6.3, 9.7, 10.9, 12.7, 14.3, 17.9, 23.1, 29.3])
MICROVOLTS = np.array([40, 25, 15, 12, 8, 10, 9, 7, 5, 4, 3, 2.0])
LSB_UV = 0.1
STAGING = ["F3-M2", "F4-M1", "C3-M2", "C4-M1", "O1-M2", "O2-M1", "E1-M2", "E2-M2", "Chin"]
MIXED = {
    **dict.fromkeys(STAGING, 256),
    **{"LAT": 256, "RAT": 256, "ECG": 512, "Snore": 512},
    **{"Flow": 128, "Thorax": 32, "Abdomen": 32, "SpO2": 4, "Pulse": 4},
}
ONE_RATE = dict.fromkeys([*STAGING, "ECG", "LAT", "RAT", "Flow"], 256)

# The pass band of the filter ripples by 2.2e-3 (Kaiser window, beta 5: 53 dB); samples are rounded to half a
# step, and a low-pass filter can add such errors up to a few steps.
TOLERANCE_UV = 2.2e-3 * MICROVOLTS.sum() + 3 * LSB_UV


def truth_uv(sfreq: float, n_times: int) -> np.ndarray:
    """Sum of twelve sines below 30 Hz, in µV: known at any rate."""
    t = np.arange(n_times) / sfreq
    signal = np.zeros(n_times)
    for hertz, microvolts in zip(HERTZ, MICROVOLTS, strict=True):
        signal += microvolts * np.sin(2 * np.pi * hertz * t + hertz)
    return signal


def write_night(path: Path, rates: dict[str, int], hours: float) -> None:
    """Write the same known signal to every channel, at its rate, as EDF with records of one second."""
    digital = {
        sfreq: np.round(truth_uv(sfreq, round(hours * 3600 * sfreq)) / LSB_UV).astype(np.int16)
        for sfreq in set(rates.values())
    }
    span = (-32768 * LSB_UV, 32767 * LSB_UV)
    signals = [
        edfio.EdfSignal.from_digital(
            digital[sfreq], sfreq, label=label, physical_dimension="uV", physical_range=span
        )
        for label, sfreq in rates.items()
    ]
    edfio.Edf(signals, data_record_duration=1).write(path)


def read_with_mne(path: Path) -> "mne.io.BaseRaw":
    """Read as the tutorials do; the staging channels are picked before the resampling, in favour of MNE."""
    import mne

    raw = mne.io.read_raw_edf(path, preload=True, verbose="error")
    return raw.pick(STAGING).resample(100.0, verbose="error")


def read_with_sleeplab(path: Path) -> "mne.io.BaseRaw":
    """Read the same channels."""
    import sleeplab.recording

    return sleeplab.recording.read_recording(path, roles=("eeg", "eog", "chin"))


READERS = {"mne": read_with_mne, "sleeplab": read_with_sleeplab}


def measure(reader: str, path: Path, hours: float) -> dict[str, float]:
    """Time one reading, libraries imported: seconds, peak memory in MB, error against the truth in µV."""
    import mne  # noqa: F401
    import pandas as pd  # noqa: F401
    import scipy.signal  # noqa: F401

    import sleeplab.channels  # noqa: F401

    begin = time.perf_counter()
    raw = READERS[reader](path)
    seconds = time.perf_counter() - begin
    peak_mb = peak_memory_mb()
    expected = truth_uv(100.0, math.floor(hours * 360000))
    inner = slice(1000, len(expected) - 1000)  # both invent what lies beyond the ends
    errors = np.abs(raw.get_data(STAGING) * 1e6 - expected)[:, inner]
    return {
        "seconds": seconds,
        "peak_mb": peak_mb,
        "worst_error_uv": float(errors.max()),
        "median_error_uv": float(np.median(errors)),
        "n_times": int(raw.n_times),
    }


def peak_memory_mb() -> float:
    """Peak resident memory of this process in MB, libraries included; NaN on Windows."""
    try:
        import resource
    except ImportError:
        return math.nan
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def compare(rates: dict[str, int], hours: float) -> dict[str, object]:
    """Write one night and read it with both."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "night.edf")
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            pool.submit(write_night, path, rates, hours).result()
        result: dict[str, object] = {"file_mb": round(path.stat().st_size / 1e6, 1), "hours": hours}
        for reader in READERS:
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                result[reader] = pool.submit(measure, reader, path, hours).result()
    result["times_faster"] = result["mne"]["seconds"] / result["sleeplab"]["seconds"]
    result["times_less_memory"] = result["mne"]["peak_mb"] / result["sleeplab"]["peak_mb"]
    return result


def main() -> None:
    """Print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--quick", action="store_true", help="20-minute nights: for the form, not the numbers"
    )
    quick = parser.parse_args().quick
    figures = {
        "mixed_rates_18_channels": compare(MIXED, 1 / 3 if quick else 8.5),
        "one_rate_13_channels": compare(ONE_RATE, 1 / 3 if quick else 8.0),
    }
    print(
        f"{'night':25}{'reader':10}{'seconds':>9}{'peak MB':>9}{'median error µV':>17}{'worst error µV':>16}"
    )
    for night, result in figures.items():
        for reader in READERS:
            row = result[reader]
            print(
                f"{night:25}{reader:10}{row['seconds']:9.2f}{row['peak_mb']:9.0f}"
                f"{row['median_error_uv']:17.3f}{row['worst_error_uv']:16.3f}"
            )
        print(
            f"{night:25}{'ratio':10}{result['times_faster']:9.1f}{result['times_less_memory']:9.1f}"
            f"   file of {result['file_mb']} MB; tolerance {TOLERANCE_UV:.2f} µV"
        )
    print(json.dumps({"tolerance_uv": TOLERANCE_UV, "quick": quick, **figures}))


if __name__ == "__main__":
    main()
