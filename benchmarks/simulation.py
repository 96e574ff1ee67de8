"""How hard are simulated nights? YASA on simulated people beside YASA on real sleep (DREAMS excerpts).

Run ``python benchmarks/simulation.py [--quick] [--figure PATH]``. The last line is JSON. The generator was
calibrated on seeds from 1000 on; what is reported are seeds 0 to 19. The DREAMS excerpts are on developer
machines only; without them the real side says so.
"""

import argparse
import json
import time
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import mne
import numpy as np
import pandas as pd
import yasa
from scipy.signal import welch
from sklearn.metrics import cohen_kappa_score, f1_score

from sleeplab.simulate import SimulatedNight, simulate_night, write_simulated_edf

DREAMS = Path(__file__).parents[2] / "shared" / "data" / "dreams"
STAGES = ["WAKE", "N1", "N2", "N3", "REM"]
AGES = (22, 28, 35, 45, 55, 65, 30, 40, 50, 25)
BANDS = {
    "0.5-1.25": (0.5, 1.25),
    "1.25-4": (1.25, 4),
    "4-8": (4, 8),
    "8-12": (8, 12),
    "12-15": (12, 15),
    "15-24": (15, 24),
}
RATES = {1: 100, 2: 200, 3: 50, 4: 200}  # Hz; excerpt 3 is too slow for YASA
CODES = {5: "WAKE", 4: "REM", 3: "N1", 2: "N2", 1: "N3", 0: "N3"}


def main() -> None:
    """Measure both sides, print the tables and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two people, two hours each")
    parser.add_argument("--figure", type=Path, help="write simulated beside real epochs, per stage")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    mne.set_log_level("error")
    hours, seeds = (3.0, range(2)) if options.quick else (8.0, range(20))
    subjects, spectra = [], []
    for seed in seeds:
        row, bands = measure_simulated(seed, AGES[seed % len(AGES)], hours)
        subjects.append(row)
        print({key: round(float(value), 2) for key, value in row.items()}, flush=True)
        spectra.append(bands)
    people = pd.DataFrame(subjects)
    print("\nmean over people\n" + people.mean().round(2).to_string())
    real, real_spectra = measure_real()
    if real.empty:
        print(f"\nDREAMS excerpts are not on this machine ({DREAMS.name} beside the project): no real side.")
    else:
        print("\nreal: DREAMS excerpts, YASA on one channel\n" + real.round(2).to_string(index=False))
    print(
        "\npower in µV² of a central derivation: median, and 10 % to 90 % of people; real: lowest to highest"
    )
    compared = compare_spectra(pd.concat(spectra), real_spectra)
    print(compared.to_string(index=False))
    seconds = 0.0 if options.quick else time_edf()
    if options.figure:
        draw_figure(options.figure)
    print(json.dumps(summary(people, real, compared, seconds)))


def measure_simulated(seed: int, age: float, hours: float) -> tuple[dict[str, float], pd.DataFrame]:
    """Stage one simulated night, and look for its events, with YASA."""
    night = simulate_night(seed, age=age, hours=hours)
    truth = night.hypnogram.hypno.to_numpy(dtype=str)
    staged = yasa.SleepStaging(night.recording, "C4-M1", eog_name="E1-M2", emg_name="Chin").predict()
    guess = staged.hypno.to_numpy(dtype=str)
    row = {"seed": seed, "age": age, "kappa": cohen_kappa_score(truth, guess)}
    row["confidence"] = float(staged.proba.max(axis=1).mean())
    scores = f1_score(truth, guess, labels=STAGES, average=None, zero_division=np.nan)
    row |= {f"f1_{stage}": score for stage, score in zip(STAGES, scores, strict=True)}
    minutes = np.isin(truth, ["N2", "N3"]).sum() / 2
    row["spindles_per_min"] = float((night.truth["kind"] == "spindle").sum() / minutes)
    row |= detector_shares(night)
    signal = 1e6 * night.recording.get_data(picks="C4-M1")[0]
    return row, stage_power(signal[: len(truth) * 3000].reshape(len(truth), -1), truth, 100)


def detector_shares(night: SimulatedNight) -> dict[str, float]:
    """Give the share of true events that YASA finds, and of its finds that are true."""
    recording, truth = night.recording, night.truth
    central, eyes = (1e6 * recording.get_data(picks=p) for p in (["C4-M1"], ["E1-M2", "E2-M2"]))
    found = {
        "spindle": yasa.spindles_detect(central, 100, hypno=night.hypnogram, include=["N1", "N2", "N3"]),
        "slow_wave": yasa.sw_detect(central, 100, hypno=night.hypnogram, include=["N2", "N3"]),
        "rapid_eye_movement": yasa.rem_detect(eyes[0], eyes[1], 100, hypno=night.hypnogram, include=["REM"]),
    }
    kinds = {"slow_wave": ["slow_wave", "k_complex"]}
    row = {}
    for kind, result in found.items():
        known = truth[truth["kind"].isin(kinds.get(kind, [kind]))]
        if kind == "rapid_eye_movement":
            asleep = night.hypnogram.hypno.to_numpy(dtype=str)[(known["onset_s"] // 30).astype(int)] == "REM"
            known = known[asleep]
        finds = pd.DataFrame({"Start": [], "End": []}) if result is None else result.summary()
        hits, right = overlaps(known, finds)
        row |= {f"{kind}_found": hits, f"{kind}_right": right}
    return row


def overlaps(known: pd.DataFrame, finds: pd.DataFrame) -> tuple[float, float]:
    """Give the shares of known events and of finds that overlap each other."""
    if not len(known) or not len(finds):
        return 0.0, float("nan")
    start, end = known["onset_s"].to_numpy(), (known["onset_s"] + known["duration_s"]).to_numpy()
    begins, stops = finds["Start"].to_numpy(), finds["End"].to_numpy()
    touching = (start[:, None] < stops) & (begins < end[:, None])
    return float(touching.any(axis=1).mean()), float(touching.any(axis=0).mean())


def stage_power(epochs: np.ndarray, stages: np.ndarray, sfreq: float) -> pd.DataFrame:
    """Give the median power (µV²) of each band in each stage; epochs in µV, one per row."""
    freqs, density = welch(epochs, sfreq, nperseg=int(4 * sfreq))
    rows = []
    for stage in STAGES:
        if (stages == stage).sum() < 3:
            continue
        middle = np.median(density[stages == stage], axis=0) * freqs[1]
        for band, (low, high) in BANDS.items():
            rows.append((stage, band, middle[(freqs >= low) & (freqs < high)].sum()))
    return pd.DataFrame(rows, columns=["stage", "band", "power"])


def read_dreams(number: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Read one excerpt as 30-s epochs in µV, the stage that fills most of each, and the rate."""
    sfreq = RATES[number]
    signal = np.loadtxt(DREAMS / f"excerpt{number}.txt", skiprows=1)
    codes = np.loadtxt(DREAMS / f"Hypnogram_excerpt{number}.txt", skiprows=1).astype(int)
    n_epochs = min(len(signal) // (30 * sfreq), len(codes) // 6)
    names = np.array(
        [[CODES.get(code, "UNS") for code in row] for row in codes[: 6 * n_epochs].reshape(-1, 6)]
    )
    most = [max(dict.fromkeys(row), key=list(row).count) for row in names]
    return signal[: n_epochs * 30 * sfreq].reshape(n_epochs, -1), np.array(most), sfreq


def measure_real() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Do the same with the real excerpts."""
    rows, spectra = [], [pd.DataFrame(columns=["stage", "band", "power"])]
    for number in RATES if DREAMS.exists() else ():
        epochs, stages, sfreq = read_dreams(number)
        spectra.append(stage_power(epochs, stages, sfreq))
        row = {"excerpt": number}
        minutes = np.isin(stages, ["N2", "N3"]).sum() / 2
        experts = [dreams_spindles(number, scorer) for scorer in (1, 2)]
        row |= {f"spindles_per_min_{i}": len(known) / minutes for i, known in enumerate(experts, 1)}
        if sfreq > 80:
            raw = mne.io.RawArray(1e-6 * epochs.reshape(1, -1), mne.create_info(["Cz"], sfreq, "eeg"))
            staged = yasa.SleepStaging(raw, "Cz").predict()
            row["kappa"] = cohen_kappa_score(stages, staged.hypno.to_numpy(dtype=str))
            row["confidence"] = float(staged.proba.max(axis=1).mean())
            result = yasa.spindles_detect(epochs.reshape(-1), sfreq)
            finds = pd.DataFrame({"Start": [], "End": []}) if result is None else result.summary()
            for i, known in enumerate(experts, 1):
                row[f"spindles_found_{i}"] = overlaps(known, finds)[0]
        rows.append(row)
    return pd.DataFrame(rows), pd.concat(spectra)


def dreams_spindles(number: int, scorer: int) -> pd.DataFrame:
    """Read what one expert marked."""
    marks = np.loadtxt(DREAMS / f"Visual_scoring{scorer}_excerpt{number}.txt", skiprows=1)
    return pd.DataFrame(marks[:, :2], columns=["onset_s", "duration_s"])


def compare_spectra(simulated: pd.DataFrame, real: pd.DataFrame) -> pd.DataFrame:
    """Set the power of simulated people beside that of the excerpts."""
    powers = simulated.groupby(["stage", "band"], sort=False)["power"]
    table = pd.DataFrame(
        {name: powers.quantile(q) for name, q in (("p10", 0.1), ("median", 0.5), ("p90", 0.9))}
    )
    spread = real.astype({"power": float}).groupby(["stage", "band"])["power"].agg(["min", "max", "count"])
    table = table.join(spread)
    table["inside"] = np.where(
        table["min"].isna(), "", np.where(table["median"].between(table["min"], table["max"]), "yes", "no")
    )
    return table.round(1).reset_index()


def time_edf() -> float:
    """Give the seconds of processor time that an 8-h night takes on its way to disk."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        begin, cpu = time.perf_counter(), time.process_time()
        write_simulated_edf(Path(folder) / "night.edf", 0)
        seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    print(f"\n8 h, 16 channels, to EDF+: {cpu:.1f} s of processor time, {seconds:.1f} s on the clock")
    return cpu


def draw_figure(path: Path) -> None:
    """Draw simulated (left) beside real (right) epochs, one stage per row."""
    night = simulate_night(0, age=35)
    stages = night.hypnogram.hypno.to_numpy(dtype=str)
    signal = 1e6 * night.recording.get_data(picks="C4-M1")[0]
    excerpts = {number: read_dreams(number) for number in RATES} if DREAMS.exists() else {}
    figure, axes = plt.subplots(5, 2, figsize=(14, 9), sharey=True, layout="constrained")
    rng = np.random.default_rng(4)
    for (left, right), stage in zip(axes, STAGES, strict=True):
        epoch = rng.choice(np.flatnonzero(stages == stage))
        left.plot(np.arange(3000) / 100, signal[3000 * epoch : 3000 * (epoch + 1)], "k", lw=0.5)
        left.set_ylabel(f"{stage}\nµV")
        choices = [(n, e) for n, (_, known, _) in excerpts.items() for e in np.flatnonzero(known == stage)]
        if choices:
            number, epoch = choices[rng.integers(len(choices))]
            real, _, sfreq = excerpts[number]
            right.plot(np.arange(30 * sfreq) / sfreq, real[epoch], "k", lw=0.5)
        else:
            right.text(15, 0, "no such epoch in the excerpts", ha="center")
            right.set_xlim(-1.5, 31.5)
    axes[0, 0].set(title="simulated, C4-M1", ylim=(-120, 120))
    axes[0, 1].set_title("real, DREAMS excerpts (C3-A1, Cz-A1)")
    for axis in axes[-1]:
        axis.set_xlabel("time (s)")
    figure.savefig(path, dpi=90)


def summary(
    people: pd.DataFrame, real: pd.DataFrame, compared: pd.DataFrame, seconds: float
) -> dict[str, object]:
    """Give the figures of the last line."""
    judged = compared[compared["inside"] != ""]
    out = {column: round(float(people[column].mean()), 3) for column in people.columns[2:]}
    out |= {"n_people": len(people), "kappa_min": round(float(people["kappa"].min()), 3)}
    out |= {"kappa_max": round(float(people["kappa"].max()), 3), "edf_cpu_seconds": round(seconds, 1)}
    out["medians_inside_real"] = f"{int((judged['inside'] == 'yes').sum())}/{len(judged)}"
    if not real.empty:
        out |= {"real_kappa": round(float(real["kappa"].mean()), 3)}
        out |= {"real_confidence": round(float(real["confidence"].mean()), 3)}
    return out


if __name__ == "__main__":
    main()
