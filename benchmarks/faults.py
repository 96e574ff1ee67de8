"""What faults do to staging: plain YASA against the gate and `stage`, on simulated nights and real excerpts.

``python benchmarks/faults.py [--quick]`` prints three tables. *Faults*: each is put into simulated nights
(seeds below 1000; limits were set on others): which share of the unfit epochs got a stage, and in which share
of the intact epochs the stage is another than that which the same stager gave to the night without the fault.
*Real*: the same on DREAMS excerpts 1, 2 and 4, with the agreement with their expert; they are on developers'
machines only. *Derivations*: what averaging one, two or three brings. The last line is JSON. ``--quick``: one
hour of one night and three faults, for the form.
"""

import argparse
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import mne
import numpy as np
import pandas as pd
import yasa
from scipy.signal import resample_poly
from sklearn.metrics import cohen_kappa_score, f1_score

from sleeplab import staging
from sleeplab.quality import check_quality
from sleeplab.simulate import Fault, inject_faults, simulate_night

DREAMS = Path(__file__).parents[2] / "shared" / "data" / "dreams"
CODES = {5: "WAKE", 4: "REM", 3: "N1", 2: "N2", 1: "N3", 0: "N3"}
EEG = ["C4-M1", "C3-M2", "F4-M1", "O2-M1"]
USED = [*EEG, "E1-M2", "E2-M2", "Chin", "ECG"]
PATIENTS = ("healthy", "insomnia", "apnea", "healthy", "first_night", "plm")
N_EPOCH = 3000

Recording = mne.io.BaseRaw
Span = tuple[float, float]  # first and last second
Change = Callable[[Recording, Span], Recording]


def put(*kinds: str, severity: float = 1.0, ch_names: tuple[str, ...] = ()) -> Change:
    """Build the change that puts faults into all EEG channels, or the named ones."""

    def change(recording: Recording, span: Span) -> Recording:
        first, last = span
        faults = [Fault(kind, first, last - first, ch_names, severity) for kind in kinds]
        return inject_faults(recording, faults).recording

    return change


def everything_dead(recording: Recording, span: Span) -> Recording:
    """Pull the plug of the head box."""
    return put("flat", ch_names=tuple(recording.ch_names))(recording, span)


def few_bits(recording: Recording, span: Span) -> Recording:
    """Store all EEG in steps of 60 µV."""
    changed = recording.copy()
    rows = mne.pick_types(changed.info, eeg=True)
    cut = slice(*(round(s * changed.info["sfreq"]) for s in span))
    changed._data[rows, cut] = np.round(changed._data[rows, cut] / 60e-6) * 60e-6
    return changed


# name: (change, where it is as shares of the recording)
FAULTS: dict[str, tuple[Change, Span]] = {
    "all EEG flat, 2nd half": (put("flat"), (0.5, 1.0)),
    "all EEG detached, 2nd half": (put("electrode_off"), (0.5, 1.0)),
    "NaN (1 % of 10 min)": (put("missing", severity=0.01), (0.4, 0.44)),
    "all channels flat, 2nd half": (everything_dead, (0.5, 1.0)),
    "all EEG flat, 1st half": (put("flat"), (0.0, 0.5)),
    "mains only, 2nd half": (put("flat", "mains_50hz"), (0.5, 1.0)),
    "heart only, 2nd half": (put("flat", "ecg_leak"), (0.5, 1.0)),
    "unit error (mV), a quarter": (put("unit_error"), (0.5, 0.75)),
    "clipped at 10 µV, a quarter": (put("clipping", severity=5.0), (0.5, 0.75)),
    "steps of 60 µV, a quarter": (few_bits, (0.5, 0.75)),
    "gap of a tenth": (put("gap"), (0.4, 0.5)),
    "C4 detached from the half on": (put("electrode_off", ch_names=("C4-M1",)), (0.5, 1.0)),
}
HARMLESS = "C4 detached from the half on"  # other EEG is there: every epoch can be staged
REAL = [
    "all EEG flat, 2nd half",
    "all EEG detached, 2nd half",
    "mains only, 2nd half",
    "NaN (1 % of 10 min)",
    "unit error (mV), a quarter",
]


def stage_with_yasa(recording: Recording) -> np.ndarray:
    """Stage as in YASA's tutorial: C4 (or the only EEG), with EOG and chin where the recording has them."""
    names = {kind: name for kind, name in (("eog", "E1-M2"), ("emg", "Chin")) if name in recording.ch_names}
    helpers = {f"{kind}_name": name for kind, name in names.items()}
    return _stages(yasa.SleepStaging(recording, recording.ch_names[0], **helpers).predict())


def stage_with_sleeplab(recording: Recording) -> np.ndarray:
    """Gate, then stage."""
    return _stages(staging.stage(recording, check_quality(recording)))


STAGERS = {"yasa": stage_with_yasa, "sleeplab": stage_with_sleeplab}


def _stages(hypnogram: yasa.Hypnogram) -> np.ndarray:
    return hypnogram.hypno.to_numpy().astype(str)


def measure_fault(
    recording: Recording, name: str, clean: dict[str, np.ndarray], expert: np.ndarray | None = None
) -> list[dict]:
    """Put one fault in, stage with both: one row each, shares in %."""
    change, shares = FAULTS[name]
    n_epochs = len(clean["yasa"])
    first, last = (round(share * n_epochs) for share in shares)
    changed = change(recording, (first * 30.0, last * 30.0))
    unfit = np.zeros(n_epochs, bool)
    unfit[first:last] = name != HARMLESS
    rows = []
    for stager, stage in STAGERS.items():
        found = stage(changed)
        row = {"fault": name, "stager": stager}
        row["unfit_staged"] = 100 * float((found[unfit] != "UNS").mean()) if unfit.any() else np.nan
        row["intact_changed"] = 100 * float((found != clean[stager])[~unfit].mean())
        if expert is not None:
            known = ~unfit & (expert != "")
            row["kappa_intact"] = cohen_kappa_score(expert[known], found[known])
        rows.append(row)
    return rows


def measure_simulated(seeds: range, hours: float, names: list[str]) -> pd.DataFrame:
    """Measure every fault in every night."""
    rows = []
    for seed in seeds:
        recording = _night(seed, hours).recording.pick(USED)
        clean = {name: stage(recording) for name, stage in STAGERS.items()}
        for name in names:
            rows += [row | {"night": seed} for row in measure_fault(recording, name, clean)]
    return pd.DataFrame(rows)


def measure_real() -> pd.DataFrame:
    """Agreement with the expert on the excerpts, clean and with faults; empty where they are not there."""
    rows = []
    for n in (1, 2, 4) if DREAMS.is_dir() else ():
        recording, expert = _excerpt(n)
        clean = {name: stage(recording) for name, stage in STAGERS.items()}
        known = expert != ""
        for stager, found in clean.items():
            kappa = cohen_kappa_score(expert[known], found[known])
            unstaged = 100 * float((found == "UNS")[known].mean())
            rows.append(
                {"fault": "clean", "stager": stager, "night": n, "kappa_intact": kappa, "refused": unstaged}
            )
        for name in REAL:
            rows += [row | {"night": n} for row in measure_fault(recording, name, clean, expert)]
    return pd.DataFrame(rows)


def measure_derivations(seeds: range, hours: float) -> pd.DataFrame:
    """Average one, two or three derivations of clean nights; agreement with the truth, processor time."""
    rows = []
    for seed in seeds:
        night = _night(seed, hours)
        recording, truth = night.recording.pick(USED), _stages(night.hypnogram)
        gate = check_quality(recording)
        for n in (1, 2, 3):
            begin = time.process_time()
            found = _stages(staging.stage(recording, gate, n_derivations=n))
            seconds = time.process_time() - begin
            f1 = f1_score(truth, found, labels=list(staging.STAGES), average="macro", zero_division=0)
            kappa = cohen_kappa_score(truth, found)
            rows.append({"derivations": n, "night": seed, "kappa": kappa, "macro_f1": f1, "seconds": seconds})
    return pd.DataFrame(rows)


def _night(seed: int, hours: float):
    return simulate_night(seed, hours=hours, age=22 + 7 * seed % 50, patient=PATIENTS[seed % len(PATIENTS)])


def _excerpt(n: int) -> tuple[Recording, np.ndarray]:
    """30 min of one real central channel at 100 Hz, and the expert's stages; "" where he gave none."""
    signal = np.loadtxt(DREAMS / f"excerpt{n}.txt", skiprows=1) * 1e-6
    signal = resample_poly(signal, 1, len(signal) // 180_000)
    info = mne.create_info(["Cz-M1"], 100.0, "eeg")
    per_5_s = np.loadtxt(DREAMS / f"Hypnogram_excerpt{n}.txt", skiprows=1).astype(int).reshape(-1, 6)
    expert = [CODES.get(values[0], "") if (values == values[0]).all() else "" for values in per_5_s]
    return mne.io.RawArray(signal[None], info), np.array(expert)


def main() -> None:
    """Print the tables and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one night of one hour: for the form")
    parser.add_argument("--seeds", type=int, default=6, help="number of simulated nights with faults")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    mne.set_log_level("error")
    if options.quick:
        tables = {"faults": measure_simulated(range(1), 1.0, list(FAULTS)[:3])}
    else:
        tables = {
            "faults": measure_simulated(range(options.seeds), 4.0, list(FAULTS)),
            "real": measure_real(),
            "derivations": measure_derivations(range(12), 4.0),
        }
    figures = {}
    for title, table in tables.items():
        keys = ["derivations"] if title == "derivations" else ["fault", "stager"]
        if table.empty:
            print(f"\n{title}: the excerpts are not on this machine.")
            continue
        mean = table.drop(columns="night").groupby(keys, sort=False).agg(["mean", "max"])
        mean.columns = [" ".join(column) for column in mean.columns]
        print(
            f"\n{title}: mean and largest over {table['night'].nunique()} nights\n{mean.round(2).to_string()}"
        )
        figures[title] = json.loads(mean.round(4).reset_index().to_json(orient="records"))
    print(json.dumps({"quick": options.quick, **figures}))


if __name__ == "__main__":
    main()
