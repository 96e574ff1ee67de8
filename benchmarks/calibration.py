"""Is a confidence of 0.8 right in 8 of 10 epochs? The stager's own probabilities beside the calibrated ones.

Run ``python benchmarks/calibration.py [--quick] [--figure PATH] [--fit] [--cache FOLDER]``. The last line is
JSON. ``--fit`` writes ``sleeplab/staging/calibration.toml`` from simulated nights of seeds 1000 and up, short
pieces of them, and pieces with faults. What is reported are seeds below 1000 and, where they are on this
machine, the DREAMS excerpts 1, 2 and 4. The calibration error is that of ten bins of equally many epochs.
``--cache`` keeps staged recordings, so that a second run takes seconds.
"""

import argparse
import json
import tempfile
import warnings
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import matplotlib.pyplot as plt
import mne
import numpy as np
import pandas as pd
import yasa
from scipy.optimize import minimize

from sleeplab import staging
from sleeplab.agreement import (
    compare_scorings,
    expected_agreement,
    expected_calibration_error,
    reliability_curve,
)
from sleeplab.plotting import plot_reliability
from sleeplab.quality import check_quality
from sleeplab.scoring import read_hypnogram
from sleeplab.simulate import FAULTS, Fault, inject_faults, simulate_night
from sleeplab.staging import _calibration as calibration

DREAMS = Path(__file__).parents[2] / "shared" / "data" / "dreams"
TABLE = Path(calibration.__file__).with_name("calibration.toml")
STAGES = ["WAKE", "N1", "N2", "N3", "REM"]
PATIENTS = (
    *("healthy", "healthy", "apnea", "insomnia", "healthy", "plm"),
    *("first_night", "healthy", "rbd", "epilepsy", "healthy", "no_rem"),
)
AGES = (22, 35, 58, 45, 67, 50, 30, 28, 72, 40, 52, 33, 19, 76)
PIECES = (60, 240)  # epochs
MORE = (1020, 1021, 1023, 1024)  # nights of which six pieces of 30 min are fitted
FAULTY = 40  # epochs of 160
NOT_FITTED = ("spindle_loss", "slow_wave_loss", "gap", "clock_gap")  # not faults of the signal, or no signal


class Staged(NamedTuple):
    """One staged recording: the stager's own probabilities, log spectra by derivation, and the truth."""

    kind: str
    proba: np.ndarray  # (n_epochs, 5)
    power: np.ndarray  # (n_derivations, n_epochs, n_bands), NaN where unfit
    truth: np.ndarray  # stage names, "UNS" where nobody scored


def main() -> None:
    """Fit where asked, measure, print the tables and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one night of 2 h and one of its pieces")
    parser.add_argument("--fit", action="store_true", help="write the table first")
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--nights", type=int, default=16)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    mne.set_log_level("error")
    with tempfile.TemporaryDirectory() as folder:
        cache = options.cache or Path(folder)
        if options.fit:
            fit_table(cache)
        seeds, hours = ([0], 2.0) if options.quick else (list(range(options.nights)), 8.0)
        nights = [staged_night(cache, seed, hours) for seed in seeds]
        sets = {
            "simulated nights": nights,
            "their 30-min pieces": [p for seed in seeds for p in staged_pieces(cache, seed, hours, (60,))],
            "DREAMS 1, 2, 4": dreams(cache) if DREAMS.exists() else [],
        }
        faults = [] if options.quick else [f for seed in (100, 101) for f in staged_faults(cache, seed)]
    print(json.dumps(report(sets, faults, options.figure)))


def stage_raw(recording: mne.io.BaseRaw, kind: str, truth: np.ndarray) -> Staged:
    """Stage a recording, and keep what the calibration is given."""
    seen = {}

    def keep(proba: np.ndarray, log_power: np.ndarray) -> np.ndarray:
        seen.update(proba=np.nan_to_num(proba), power=log_power)
        return proba

    with mock.patch.object(staging, "calibrate", keep):
        staging.stage(recording, check_quality(recording))
    return Staged(kind, seen["proba"], seen["power"], truth)


def cached(cache: Path, name: str, make: object) -> list[Staged]:
    """Read recordings from the cache, or make and keep them."""
    path = cache / f"{name}.npz"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        made = make()
        columns = {f"{i}_{field}": v for i, s in enumerate(made) for field, v in s._asdict().items()}
        np.savez_compressed(path, n=len(made), **columns)
    with np.load(path) as kept:
        return [
            Staged(str(kept[f"{i}_kind"]), *(kept[f"{i}_{field}"] for field in Staged._fields[1:]))
            for i in range(int(kept["n"]))
        ]


def simulated(seed: int, hours: float, patient: str = "") -> tuple[mne.io.BaseRaw, np.ndarray]:
    """Simulate a person; age and, where it is not given, diagnosis go with the seed."""
    patient, age = patient or PATIENTS[seed % len(PATIENTS)], AGES[seed % len(AGES)]
    night = simulate_night(seed, age=age, hours=hours, patient=patient)
    return night.recording, night.hypnogram.hypno.to_numpy(str)


def crop(recording: mne.io.BaseRaw, start: int, n: int) -> mne.io.BaseRaw:
    """Cut n epochs out of a recording."""
    return recording.copy().crop(30.0 * start, 30.0 * (start + n), include_tmax=False)


def staged_night(cache: Path, seed: int, hours: float = 8.0) -> Staged:
    """Stage a whole night."""

    def make() -> list[Staged]:
        recording, truth = simulated(seed, hours)
        return [stage_raw(recording, "night", truth)]

    return cached(cache, f"night_{seed}_{hours:g}", make)[0]


def staged_pieces(cache: Path, seed: int, hours: float, lengths: tuple[int, ...]) -> list[Staged]:
    """Stage pieces of a night, each as a recording of its own."""

    def make() -> list[Staged]:
        recording, truth = simulated(seed, hours)
        rng, made = np.random.default_rng(seed), []
        for n in lengths:
            start = int(rng.integers(0, len(truth) - n))
            made.append(stage_raw(crop(recording, start, n), "piece", truth[start : start + n]))
        return made

    return cached(cache, f"pieces_{seed}_{hours:g}_{'_'.join(map(str, lengths))}", make)


def staged_faults(cache: Path, seed: int) -> list[Staged]:
    """Stage 80 min whose first 20 min have a fault, one fault at a time; their truth is kept there only."""

    def make() -> list[Staged]:
        recording, truth = simulated(seed, 6.0, "healthy")
        start = int(np.random.default_rng(seed).integers(60, 400))
        piece, known = crop(recording, start, 160), truth[start : start + 160].copy()
        known[FAULTY:] = "UNS"
        made = []
        for kind in ("none", *(kind for kind in FAULTS if kind not in ("gap", "clock_gap"))):
            raw = piece if kind == "none" else inject_faults(piece, [Fault(kind, 0, 30 * FAULTY)]).recording
            made.append(stage_raw(raw, kind, known))
        return made

    return cached(cache, f"faults_{seed}", make)


def dreams(cache: Path) -> list[Staged]:
    """Stage the real excerpts that are fast enough for YASA."""

    def make() -> list[Staged]:
        made = []
        for number, sfreq, name in ((1, 100, "C3-M1"), (2, 200, "Cz-M1"), (4, 200, "Cz-M1")):
            microvolts = np.loadtxt(DREAMS / f"excerpt{number}.txt", skiprows=1)
            raw = mne.io.RawArray(1e-6 * microvolts[None], mne.create_info([name], sfreq, "eeg"))
            known = read_hypnogram(DREAMS / f"Hypnogram_excerpt{number}.txt").hypno.to_numpy(str)
            made.append(stage_raw(raw, "dreams", known[: int(raw.n_times // (30 * sfreq))]))
        return made

    return cached(cache, "dreams", make)


def fit_table(cache: Path) -> None:
    """Fit spectrum, temperature and the spread between nights; write the table."""
    nights = [staged_night(cache, seed) for seed in range(1000, 1017)]
    pieces = [p for seed in range(1000, 1017) for p in staged_pieces(cache, seed, 8.0, PIECES)]
    pieces += [p for seed in MORE for p in staged_pieces(cache, seed, 8.0, (60,) * 6)]
    faults = [f for seed in range(1100, 1104) for f in staged_faults(cache, seed) if f.kind not in NOT_FITTED]
    spectra = np.concatenate([n.power.reshape(-1, n.power.shape[-1]) for n in nights])
    spectra = spectra[np.isfinite(spectra).all(axis=1)]
    covariance = np.cov(spectra.T)
    precision = np.linalg.inv(0.5 * covariance + 0.5 * np.diag(np.diag(covariance)))
    table = {"spectrum": {"mean": spectra.mean(axis=0), "precision": precision}}
    with mock.patch.object(calibration, "load_table", return_value=table):
        usual = float(
            np.nanpercentile(np.concatenate([calibration.measure_distance(n.power) for n in nights]), 75)
        )
        table["temperature"] = fit_temperature([*nights, *pieces, *faults], usual)
        table["expected"] = {name: {"long": 0.0, "short": 0.0} for name in ("accuracy", "kappa")}
        with mock.patch("sleeplab.agreement._expected.load_table", return_value=table):
            table["expected"] = fit_spread(nights, pieces)
    TABLE.write_text(as_toml(table), encoding="utf-8")
    calibration.load_table.cache_clear()


def fit_temperature(recordings: list[Staged], usual: float) -> dict[str, float]:
    """Find the temperatures under which the truth is most likely."""
    parts = [(s, (s.proba.sum(axis=1) > 0) & (s.truth != "UNS")) for s in recordings]
    parts = [(s, k) for s, k in parts if k.any()]
    logp = np.concatenate([np.log(np.maximum(s.proba[k], calibration.FLOOR)) for s, k in parts])
    code = np.concatenate([[STAGES.index(t) for t in s.truth[k]] for s, k in parts])
    n = np.concatenate([np.full(k.sum(), float((s.proba.sum(axis=1) > 0).sum())) for s, k in parts])
    distances = [calibration.measure_distance(s.power)[k] for s, k in parts]
    far = np.clip(np.nan_to_num(np.concatenate(distances)) - usual, 0, 1.5)

    def loss(x: np.ndarray) -> float:
        scaled = logp / np.exp(x[0] + x[1] * 60 / np.maximum(n, 60) + x[2] * far)[:, None]
        return float((np.logaddexp.reduce(scaled, axis=1) - scaled[np.arange(len(n)), code]).mean())

    base, short, strange = minimize(loss, [0.0, 0.3, 1.0], method="Nelder-Mead").x
    return {"base": base, "short": 60 * short, "strange": strange, "usual": usual, "most": 1.5}


def fit_spread(nights: list[Staged], pieces: list[Staged]) -> dict[str, dict[str, float]]:
    """Find how far recordings depart from their expectation: the conformal 90 % at 480 and at 30 min."""
    spread = {}
    for figure in ("accuracy", "kappa"):
        long = conformal([residual(s, figure) for s in nights])
        short = conformal([residual(p, figure) for p in pieces if len(p.truth) == 60])
        slope = max(short - long, 0.0) / (1 / 60 - 1 / 960)
        spread[figure] = {"long": long - slope / 960, "short": slope}
    return spread


def conformal(residuals: list[float]) -> float:
    """Size that 90 % of new residuals are expected to stay below: that of rank 0.9 (n + 1)."""
    sizes = np.sort(np.abs(residuals)[np.isfinite(residuals)])
    return float(sizes[min(round(0.9 * (len(sizes) + 1)), len(sizes)) - 1])


def residual(staged: Staged, figure: str) -> float:
    """Actual minus expected agreement."""
    machine, expert = hypnograms(staged)
    return getattr(compare_scorings(machine, expert), figure) - getattr(expected_agreement(machine), figure)


def as_toml(table: dict) -> str:
    """Write the table with few digits."""
    t, rows = table["temperature"], np.round(np.asarray(table["spectrum"]["precision"], float), 3).tolist()
    text = (
        "# Written by benchmarks/calibration.py --fit from simulated nights, seeds 1000 and up.\n"
        f"[temperature]\nbase = {t['base']:.4f}  # log temperature of a long, ordinary recording\n"
        f"short = {t['short']:.2f}  # added, divided by the number of staged epochs (at least 60)\n"
        f"strange = {t['strange']:.4f}  # added per unit of distance beyond `usual`, up to `most`\n"
        f"usual = {t['usual']:.4f}\nmost = {t['most']:.2f}\n\n"
        "[spectrum]  # log10 of µV² in the bands of YASA's features\n"
        f"mean = {np.round(np.asarray(table['spectrum']['mean'], float), 3).tolist()}\nprecision = [\n"
    )
    text += "".join(f"    {row},\n" for row in rows) + "]\n"
    for name, row in table["expected"].items():
        text += f"\n[expected.{name}]  # 90 % lie within long + short / n_epochs\n"
        text += f"long = {row['long']:.4f}\nshort = {row['short']:.2f}\n"
    return text


def calibrated(staged: Staged) -> np.ndarray:
    """Calibrate as `stage` does."""
    return calibration.calibrate(staged.proba, staged.power)


def hypnograms(staged: Staged, proba: np.ndarray | None = None) -> tuple[yasa.Hypnogram, yasa.Hypnogram]:
    """Make the machine's (with calibrated probabilities) and the expert's hypnogram."""
    proba = calibrated(staged) if proba is None else proba
    names = np.where(proba.sum(axis=1) > 0, np.array(STAGES)[proba.argmax(axis=1)], "UNS")
    table = pd.DataFrame(proba, columns=STAGES).assign(UNS=(names == "UNS").astype(float))
    machine = yasa.Hypnogram(list(names), proba=table)
    return machine, yasa.Hypnogram(list(staged.truth), scorer="truth")


def pool(recordings: list[Staged], probas: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Confidence and correctness of all staged epochs that somebody scored."""
    keep = [(p.sum(axis=1) > 0) & np.isin(s.truth, STAGES) for s, p in zip(recordings, probas, strict=True)]
    sure = np.concatenate([p[k].max(axis=1) for p, k in zip(probas, keep, strict=True)])
    right = [
        np.array(STAGES)[p[k].argmax(axis=1)] == s.truth[k]
        for s, p, k in zip(recordings, probas, keep, strict=True)
    ]
    return sure, np.concatenate(right)


def error_interval(sure: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """90 % interval of the calibration error from blocks of ten epochs, resampled 500 times."""
    rng, n = np.random.default_rng(0), len(sure) // 10
    errors = []
    for _ in range(500):
        at = (10 * rng.integers(0, n, n)[:, None] + np.arange(10)).ravel()
        errors.append(expected_calibration_error(reliability_curve(sure[at], right[at])))
    return tuple(float(q) for q in np.quantile(errors, [0.05, 0.95]))


def report(sets: dict[str, list[Staged]], faults: list[Staged], figure: Path | None) -> dict:
    """Print reliability, faults and expected agreement; give the figures of the last line."""
    out = {}
    axes = None
    if figure is not None:
        axes = plt.subplots(1, 3, figsize=(13, 4.6), layout="constrained")[1]
    print(
        f"{'':22s}{'epochs':>7s}{'accuracy':>9s}{'confidence':>18s}{'calibration error (90 % interval)':>50s}"
    )
    for i, (name, recordings) in enumerate(sets.items()):
        if not recordings:
            print(f"{name:22s} not on this machine")
            continue
        row, texts = {}, []
        for side, probas in (
            ("before", [s.proba for s in recordings]),
            ("after", [calibrated(s) for s in recordings]),
        ):
            sure, right = pool(recordings, probas)
            curve = reliability_curve(sure, right)
            low, high = error_interval(sure, right)
            row[side] = {
                "confidence": round(float(sure.mean()), 3),
                "ece": round(expected_calibration_error(curve), 3),
            }
            texts.append(f"{row[side]['ece']:.3f} ({low:.3f}-{high:.3f})")
            if axes is not None:
                plot_reliability(curve, ax=axes[i])
        row |= {"n": len(sure), "accuracy": round(float(right.mean()), 3)}
        row["expected"] = coverage(recordings)
        out[name] = row
        conf = f"{row['before']['confidence']:.3f} → {row['after']['confidence']:.3f}"
        print(f"{name:22s}{row['n']:7d}{row['accuracy']:9.3f}{conf:>18s}{' → '.join(texts):>50s}")
        if axes is not None:
            axes[i].set_title(f"{name}: error {row['before']['ece']:.3f} → {row['after']['ece']:.3f}")
            lines = [line for line in axes[i].get_lines() if line.get_linestyle() == "-"]
            axes[i].legend(lines, ["YASA's own", "calibrated"], loc="upper left", frameon=False)
    if axes is not None:
        axes[0].figure.savefig(figure, dpi=90)
    print("\nexpected agreement, 90 % interval: share of recordings inside, mean width, mean residual")
    for name, row in out.items():
        print(f"{name:22s}{row['expected']}")
    out["faults"] = report_faults(faults)
    return out


def coverage(recordings: list[Staged]) -> dict[str, float]:
    """How often the interval of `expected_agreement` holds."""
    rows = []
    for staged in recordings:
        machine, expert = hypnograms(staged)
        expected, actual = expected_agreement(machine), compare_scorings(machine, expert)
        rows.append(
            {
                "accuracy_inside": expected.low <= actual.accuracy <= expected.high,
                "accuracy_width": expected.high - expected.low,
                "accuracy_residual": actual.accuracy - expected.accuracy,
                "kappa_inside": expected.kappa_low <= actual.kappa <= expected.kappa_high,
                "kappa_width": expected.kappa_high - expected.kappa_low,
                "kappa_residual": actual.kappa - expected.kappa,
            }
        )
    return {name: round(float(v), 3) for name, v in pd.DataFrame(rows).astype(float).mean().items()}


def report_faults(faults: list[Staged]) -> dict[str, dict[str, float]]:
    """Print what is said on faulty signals that the gate lets pass."""
    if not faults:
        return {}
    print(f"\n{'fault that passes':20s}{'staged':>8s}{'accuracy':>10s}{'confidence: YASA → ours':>28s}")
    table = {}
    for kind in dict.fromkeys(f.kind for f in faults):
        same = [f for f in faults if f.kind == kind]
        before, right = pool(same, [f.proba for f in same])
        after = pool(same, [calibrated(f) for f in same])[0]
        staged = len(before) / (FAULTY * len(same))
        if not len(before):
            print(f"{kind:20s}{0:8.0%}")
            continue
        row = {"staged": staged, "accuracy": right.mean(), "before": before.mean(), "after": after.mean()}
        table[kind] = {name: round(float(value), 3) for name, value in row.items()}
        sides = f"{before.mean():.2f} → {after.mean():.2f}"
        print(f"{kind:20s}{staged:8.0%}{right.mean():10.2f}{sides:>28s}")
    return table


if __name__ == "__main__":
    main()
