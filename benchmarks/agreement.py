"""How far five scorers agree, and whether the audit of a scoring finds what was planted into it.

Run ``python benchmarks/agreement.py [--quick] [--cache FOLDER] [--figures FOLDER]``. The last line is JSON.
The scorers are those of the Dreem Open Datasets, where they are on this machine. The audit is measured on
simulated nights of seeds below 1000, whose truth was turned into a human scoring by the disagreements of
DOD-H's scorers, placed where the simulated signal is ambiguous (kappa about 0.8); its constants come from
DOD-O. ``--figures`` draws every row of the audit of the DREAMS excerpts, to be judged by eye.
"""

import argparse
import json
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import mne
import numpy as np
import pandas as pd
import yasa
from calibration import AGES, DREAMS, PATIENTS, Staged, dreams, hypnograms, staged_night
from sklearn.metrics import f1_score

from sleeplab.agreement import compare_nights, compare_scorings, consensus, soft_agreement
from sleeplab.anomalies.labels import audit_scoring
from sleeplab.scoring import read_hypnogram
from sleeplab.simulate import inject_scoring_fault
from sleeplab.simulate._night import draw_plan

DOD = DREAMS.parent / "dod"
STAGES = ["WAKE", "N1", "N2", "N3", "REM"]
PUBLISHED_F1 = {"dodh": 86.8, "dodo": 84.8}  # abstract of Guillot et al. 2020, DOD-O with 55 nights


def main() -> None:
    """Measure, print the tables and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="three nights of DOD, one simulated night of 2 h"
    )
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--figures", type=Path)
    parser.add_argument("--nights", type=int, default=16)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    mne.set_log_level("error")
    out: dict[str, object] = {}
    for name in PUBLISHED_F1:
        nights = read_dod(name)[: 3 if options.quick else None] if DOD.exists() else []
        out[name] = people(name, nights)
    with tempfile.TemporaryDirectory() as folder:
        cache = options.cache or Path(folder)
        seeds, hours = (range(1), 2.0) if options.quick else (range(options.nights), 8.0)
        out["audit"] = audit(cache, list(seeds), hours) if DOD.exists() else {}
        if DREAMS.exists() and not options.quick:
            out["dreams"] = audit_dreams(dreams(cache), options.figures)
    print(json.dumps(out))


def read_dod(folder: str) -> list[list[yasa.Hypnogram]]:
    """Read five scorings per night, between the first and last epoch that all five scored."""
    nights = []
    for file in sorted((DOD / folder / "scorer_1").glob("*.json")):
        scorings = [read_hypnogram(DOD / folder / f"scorer_{i}" / file.name) for i in range(1, 6)]
        scored = [np.flatnonzero(s.hypno.to_numpy(str) != "UNS") for s in scorings]
        span = slice(max(s[0] for s in scored), min(s[-1] for s in scored) + 1)
        nights.append(
            [yasa.Hypnogram(s.hypno.to_numpy(str)[span], scorer=str(i)) for i, s in enumerate(scorings)]
        )
    return nights


def people(name: str, nights: list[list[yasa.Hypnogram]]) -> dict[str, object]:
    """Print how far the scorers of one data set agree, after Guillot et al. and pair by pair."""
    if not nights:
        print(f"{name}: not on this machine")
        return {}
    rows = []
    for night in nights:
        soft = [soft_agreement(s, [o for o in night if o is not s]) for s in night]
        for i, judged in enumerate(night):
            rest = [j for j in range(5) if j != i]
            agreed = consensus([night[j] for j in rest], weights=[soft[j] for j in rest])
            agreement = compare_nights([(judged, agreed)])  # one night: no bootstrap
            rows.append(
                {
                    "scorer": i + 1,
                    "soft": soft[i],
                    "f1": weighted_f1(judged, agreed),
                    "kappa": agreement.kappa,
                }
            )
    table = pd.DataFrame(rows)
    pairs = compare_nights([(night[i], night[j]) for night in nights for i in range(5) for j in range(i)])
    single = [compare_nights([(n[i], n[j])]).kappa for n in nights for i in range(5) for j in range(i)]
    print(
        f"\n{name}, {len(nights)} nights: each scorer against the consensus of the others, mean over nights"
    )
    print((100 * table.groupby("scorer").mean()).round(1).to_string())
    f1, published = 100 * table["f1"].mean(), PUBLISHED_F1[name]
    print(
        f"all: soft agreement {100 * table['soft'].mean():.1f} %, F1 {f1:.1f} %; published F1 {published} %"
    )
    print(f"pairs of scorers, kappa: mean over nights {np.nanmean(single):.3f}, all epochs {pairs.kappa:.3f}")
    print(pairs.summary.round(2)[["value", "human"]].T.to_string())
    return {
        "nights": len(nights),
        "soft": round(float(table["soft"].mean()), 4),
        "f1": round(float(f1), 2),
        "published_f1": published,
        "kappa_consensus": round(float(table["kappa"].mean()), 3),
        "kappa_pairs": round(float(np.nanmean(single)), 3),
    }


def weighted_f1(judged: yasa.Hypnogram, agreed: yasa.Hypnogram) -> float:
    """F1 with epochs weighted by the votes for the consensus, as in the paper."""
    truth, ours = agreed.hypno.to_numpy(str), judged.hypno.to_numpy(str)
    keep = truth != "UNS"
    weight = agreed.proba.max(axis=1).to_numpy()[keep]
    options = {"labels": STAGES, "average": "weighted", "zero_division": 0}
    return float(f1_score(truth[keep], ours[keep], sample_weight=weight, **options))


class Scorer:
    """A human scorer, drawn from how one of DOD-H's five departs from the other four.

    His stage depends on his last one and on the consensus before, now and after. A stretch of departures is
    kept the likelier, the more the simulated brain was in the stage that he gives.
    """

    def __init__(self) -> None:
        self.counts = np.zeros((5, 5, 5, 5, 5))
        for night in read_dod("dodh"):
            codes = np.stack([s.hypno.cat.codes.to_numpy() for s in night])
            for i in range(5):
                votes = np.stack([(np.delete(codes, i, 0) == s).sum(axis=0) for s in range(5)])
                agreed, his = votes.argmax(axis=0), codes[i]
                t = np.arange(1, codes.shape[1] - 1)
                t = t[(his[t] < 5) & (his[t - 1] < 5)]
                at = (his[t - 1], agreed[t - 1], agreed[t], agreed[t + 1], his[t])
                np.add.at(self.counts, at, 1)

    def score(self, truth: np.ndarray, weights: np.ndarray, seed: int) -> np.ndarray:
        """Score a night; `weights` says how much of each stage sounds in each epoch, shape (n_epochs, 5)."""
        rng, code = np.random.default_rng(seed), np.array([STAGES.index(s) for s in truth])
        free = code.copy()
        for t in range(1, len(code) - 1):
            counts = self.counts[free[t - 1], code[t - 1], code[t], code[t + 1]]
            free[t] = rng.choice(5, p=counts / counts.sum()) if counts.sum() >= 5 else code[t]
        out = code.copy()
        for start, stop in stretches(free != code):
            if rng.random() < 10 * weights[np.arange(start, stop), free[start:stop]].mean():
                out[start:stop] = free[start:stop]
        return np.array(STAGES)[out]


def stretches(mask: np.ndarray) -> list[tuple[int, int]]:
    """First and last (exclusive) index of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def audit(cache: Path, seeds: list[int], hours: float) -> dict[str, dict[str, float]]:
    """Plant errors into truths and human scorings, audit them, print what is found."""
    scorer, nights = Scorer(), []
    for seed in seeds:
        staged = staged_night(cache, seed, hours)
        plan = draw_plan(seed, AGES[seed % len(AGES)], hours, PATIENTS[seed % len(PATIENTS)])
        weights = plan.course.weights.reshape(-1, 30, 5).mean(axis=1)
        nights.append((hypnograms(staged)[0], staged.truth, scorer.score(staged.truth, weights, seed)))
    kappas = [compare_scorings(yasa.Hypnogram(list(h)), yasa.Hypnogram(list(t))).kappa for _, t, h in nights]
    print(f"\naudit of {len(nights)} simulated nights; humans against the truth: kappa {np.mean(kappas):.2f}")
    print(f"{'planted':34s}{'rows/night':>11s}{'whole file':>11s}{'epochs found':>13s}{'rows right':>11s}")
    table = {}
    for name, plant in PLANTED.items():
        table[name] = measure(nights, plant, truth_only=name == "nothing, into the truth")
        row = table[name]
        print(
            f"{name:34s}{row['rows']:11.1f}{row['whole_file']:11.0%}"
            f"{row.get('recall', np.nan):13.0%}{row.get('precision', np.nan):11.0%}"
        )
    return table


def measure(nights: list, plant: Callable, *, truth_only: bool) -> dict[str, float]:
    """Audit every night with one kind of error planted."""
    rows = right = found = wrong = whole = 0
    for i, (machine, truth, human) in enumerate(nights):
        base = truth if truth_only else human
        faulty = plant(base, np.random.default_rng(i), nights[(i + 1) % len(nights)][2])
        bad, seen = faulty != base, np.zeros(len(base), bool)
        found_rows = audit_scoring(machine, yasa.Hypnogram(list(faulty)))
        for row in found_rows.itertuples():
            at = slice(int(row.onset_s // 30), int((row.onset_s + row.duration_s) // 30))
            seen[at], right, rows = True, right + bad[at].any(), rows + 1
        whole += found_rows["reason"].isin(["shifted clock", "another night"]).any()
        found, wrong = found + (seen & bad).sum(), wrong + bad.sum()
    figures = {
        "rows": rows / len(nights),
        "whole_file": whole / len(nights),
        "recall": found / wrong if wrong else np.nan,
        "precision": right / rows if rows and wrong else np.nan,
    }
    return {name: round(float(value), 3) for name, value in figures.items() if np.isfinite(value)}


def swap_epochs(scored: np.ndarray, rng: np.random.Generator, _: np.ndarray) -> np.ndarray:
    """Give 15 single epochs any other stage."""
    out = scored.copy()
    for t in rng.choice(len(out), 15, replace=False):
        out[t] = rng.choice([s for s in STAGES if s != out[t]])
    return out


def swap_stretches(scored: np.ndarray, rng: np.random.Generator, _: np.ndarray) -> np.ndarray:
    """Give four stretches of 4 min a stage that is not theirs."""
    out = scored.copy()
    for _i in range(4):
        start = int(rng.integers(0, len(out) - 8))
        names, n = np.unique(out[start : start + 8], return_counts=True)
        out[start : start + 8] = rng.choice([s for s in STAGES if s != names[n.argmax()]])
    return out


def fault(kind: str, severity: float = 1.0) -> Callable:
    """Plant a fault of `inject_scoring_fault`."""

    def plant(scored: np.ndarray, rng: np.random.Generator, _: np.ndarray) -> np.ndarray:
        seed = int(rng.integers(900))
        changed = inject_scoring_fault(yasa.Hypnogram(list(scored)), kind, severity=severity, seed=seed)
        return changed.hypnogram.hypno.to_numpy(str)

    return plant


PLANTED: dict[str, Callable] = {
    "nothing, into the truth": lambda scored, _rng, _other: scored,
    "nothing, into human scorings": lambda scored, _rng, _other: scored,
    "15 epochs of any stage": swap_epochs,
    "4 stretches of 4 min": swap_stretches,
    "10 % become a neighbouring stage": fault("relabelled"),
    "N1 called N2": fault("merged_stages"),
    **{f"clock {n} epochs late": fault("shifted_clock", n / 10) for n in (1, 2, 3, 10, 40, 200)},
    "clock 10 epochs early": fault("shifted_clock", -1.0),
    "a drawn night": fault("other_night"),
    "the night of the next person": lambda _scored, _rng, other: other,
}


def audit_dreams(excerpts: list[Staged], folder: Path | None) -> list[dict[str, object]]:
    """Audit the experts of the DREAMS excerpts; draw each row with its neighbours."""
    rows = []
    for number, staged in zip((1, 2, 4), excerpts, strict=True):
        machine, expert = hypnograms(staged)
        found = audit_scoring(machine, expert)
        agreement = compare_scorings(machine, expert)
        print(f"DREAMS {number}: kappa {agreement.kappa:.2f}, {len(found)} doubtful rows")
        for i, row in enumerate(found.itertuples()):
            print(f"  {row.onset_s:6.0f} s  {row.reason}: {row.evidence}")
            rows.append({"excerpt": number, **row._asdict()})
            if folder is not None:
                draw(number, staged, row, folder / f"dreams{number}_{i}.png")
    return rows


def draw(number: int, staged: Staged, row: tuple, path: Path) -> None:
    """Draw the doubtful epochs (at most four) with one neighbour on each side."""
    signal = np.loadtxt(DREAMS / f"excerpt{number}.txt", skiprows=1)
    sfreq = {1: 100, 2: 200, 4: 200}[number]
    machine = hypnograms(staged)[0]
    first, last = int(row.onset_s // 30), int((row.onset_s + row.duration_s) // 30)
    epochs = range(max(first - 1, 0), min(last + 1, first + 5, len(staged.truth)))
    axes = np.atleast_1d(plt.subplots(len(epochs), figsize=(16, 2.2 * len(epochs)), layout="constrained")[1])
    for ax, epoch in zip(axes, epochs, strict=True):
        part = signal[30 * sfreq * epoch : 30 * sfreq * (epoch + 1)]
        ax.plot(np.arange(len(part)) / sfreq, part, "k", lw=0.5)
        proba = ", ".join(f"{s} {machine.proba[s].iloc[epoch]:.2f}" for s in STAGES)
        mark = "DOUBTED  " if first <= epoch < last else ""
        ax.set_title(
            f"{mark}{epoch}: expert {staged.truth[epoch]}, machine {machine.hypno.iloc[epoch]} ({proba})"
        )
        ax.set(ylim=(-120, 120), xlim=(0, 30), ylabel="µV")
        ax.grid(alpha=0.4)
    path.parent.mkdir(parents=True, exist_ok=True)
    axes[0].figure.savefig(path, dpi=70)
    plt.close(axes[0].figure)


if __name__ == "__main__":
    main()
