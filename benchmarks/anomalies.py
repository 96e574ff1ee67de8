"""What the ledger finds of known faults and brain events: sleeplab against what a user would pick.

``python benchmarks/anomalies.py [--quick] [--write]`` puts faults and brain events into simulated nights
(healthy and patients, seeds below 1000: nothing was tuned on them) and into real EEG (DREAMS excerpts, where
they lie beside the project), stages with YASA, and counts what a person sees who looks at the worklist for
5 % of the night. The baselines score every 30-s epoch; a person looks at the highest first, 10 s each, and
sees whatever lies in it. Areas under precision and recall: over items, each a hit when it shows something
new; and over epochs, for what was planted (an epoch with only what else a patient has is left out).
Intervals: bootstrap over nights. The last line is JSON. ``--quick``: short nights, for the form only.
``--write``: what each budget finds goes into sleeplab/review/recall.toml, which the report quotes.
"""

import argparse
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import mne
    import yasa

RECALL = Path(__file__).parents[1] / "sleeplab" / "review" / "recall.toml"
DREAMS = Path(__file__).parents[2] / "shared" / "data" / "dreams"
EXCERPTS = (1, 2, 4)
NIGHTS = [(s, "healthy") for s in (0, 1, 2)] + [
    (10 + i, p)
    for i, p in enumerate(("insomnia", "apnea", "rbd", "plm", "epilepsy", "no_rem", "first_night"))
]
CLEAN = [(s, "healthy") for s in range(3, 9)]
EPOCH_S, EPOCH_LOOK_S, BUDGET = 30.0, 10.0, 0.05
MINUTES = (2, 4, 6, 8, 10, 12, 16, 20, 24, 30)  # budgets of an 8-h night
STAGE_DETECTORS = ("robust distance", "to neighbours", "IForest", "ECOD", "reconstruction")
METHODS = ("sleeplab", "art_detect", "IForest", "ECOD", "z-score", "at random")
# kind, how often, seconds, on how many EEG channels (0: all of them)
FAULTS = [
    *[("spike", 1, 600, 0), ("spike_wave", 4, 4, 0), ("evolving_rhythm", 3, 25, 0), ("arousal", 6, 6, 0)],
    *[("spindle_loss", 1, 900, 0), ("slow_wave_loss", 1, 900, 0), ("electrode_off", 1, 900, 1)],
    *[("flat", 1, 300, 1), ("clipping", 1, 600, 1), ("mains_50hz", 1, 600, 1), ("sweat", 1, 900, 2)],
    *[("movement", 4, 12, 0), ("electrode_pop", 1, 300, 1), ("ecg_leak", 1, 900, 1), ("inverted", 1, 900, 1)],
    *[("swapped", 1, 900, 2), ("missing", 1, 120, 1), ("gap", 1, 120, 0), ("unit_error", 1, 300, 1)],
]
NEEDS_NREM = ("spike", "spike_wave", "evolving_rhythm", "arousal", "spindle_loss", "slow_wave_loss")
CLOCK_GAP_S = 30
ON_ONE_CHANNEL = {
    "brain": [
        ("spike", 1, 300, 0),
        ("spike_wave", 2, 4, 0),
        ("evolving_rhythm", 2, 25, 0),
        ("arousal", 4, 6, 0),
    ],
    "faults": [
        *[("electrode_off", 1, 120, 0), ("flat", 1, 90, 0), ("clipping", 1, 120, 0), ("sweat", 1, 240, 0)],
        *[("movement", 3, 12, 0), ("electrode_pop", 1, 120, 0), ("missing", 1, 60, 0), ("gap", 1, 60, 0)],
    ],
}


def place(seed: int, plan: list, stages: np.ndarray, eeg: list[str]) -> list:
    """Give each row of a plan a slot of its own; brain events go where NREM sleep is."""
    from sleeplab.simulate import Fault

    rng = np.random.default_rng([77, seed])
    nrem = np.isin(stages, ["N2", "N3"])
    slot = len(stages) * EPOCH_S / len(plan)
    faults = []
    order = sorted(range(len(plan)), key=lambda i: plan[i][0] in NEEDS_NREM)
    free = list(range(len(plan)))
    for i in reversed(order):
        kind, n, seconds, n_channels = plan[i]
        share = [nrem[int(k * slot / EPOCH_S) : int((k + 1) * slot / EPOCH_S)].mean() for k in free]
        good = [k for k, value in zip(free, share, strict=True) if value >= 0.8 * max(share)]
        mine = int(rng.choice(good if kind in NEEDS_NREM else free))
        free.remove(mine)
        names = tuple(str(name) for name in rng.choice(eeg, n_channels, replace=False)) if n_channels else ()
        for k in range(n):
            room = slot / n - min(seconds, 0.9 * slot / n)
            onset = round(mine * slot + k * slot / n + rng.uniform(0, room))
            faults.append(Fault(kind, onset, min(seconds, 0.9 * slot / n), names))
    return sorted(faults, key=lambda f: f.onset_s)


def with_faults(night: tuple, seed: int, plan: list, *, clock: bool = True) -> tuple:
    """Put faults into a night; the clock gap comes last and shifts what follows."""
    from sleeplab.simulate import Fault, inject_faults

    recording, stages, truth = night
    eeg = [n for n, t in zip(recording.ch_names, recording.get_channel_types(), strict=True) if t == "eeg"]
    faults = place(seed, plan, stages, eeg)
    if clock:
        at = 0.93 * len(stages) // 1 * EPOCH_S
        faults = [f for f in faults if not f.onset_s <= at + CLOCK_GAP_S <= f.onset_s + f.duration_s + 60]
        faults += [Fault("clock_gap", at, CLOCK_GAP_S)]
        late = truth["onset_s"] > at + CLOCK_GAP_S
        truth = truth[late | (truth["onset_s"] + truth["duration_s"] < at)].copy()
        truth.loc[late, "onset_s"] -= CLOCK_GAP_S
        stages = np.delete(stages, int(at / EPOCH_S))
    changed = inject_faults(recording, faults)
    added = changed.truth.copy()
    if clock:
        added.loc[(added["onset_s"] > at) & (added["kind"] != "clock_gap"), "onset_s"] -= CLOCK_GAP_S
    return (
        changed.recording,
        stages,
        pd.concat([truth, added.assign(must=True, planted=True)], ignore_index=True),
    )


def simulated(seed: int, patient: str, hours: float) -> tuple:
    """Simulate a night: recording, true stages, truth; `must` marks what a person ought to be shown."""
    from sleeplab.simulate import ORDINARY, simulate_night

    night = simulate_night(seed, patient=patient, hours=hours)
    truth = night.truth[~night.truth["kind"].isin(ORDINARY)].reset_index(drop=True)
    stages = night.hypnogram.hypno.astype(str).to_numpy()
    asleep = stages[(truth["onset_s"] // EPOCH_S).astype(int).to_numpy()] != "WAKE"
    legs = (truth["kind"] == "leg_movement").to_numpy()
    in_series = np.zeros(len(truth), bool)
    in_series[np.flatnonzero(legs & asleep)] = periodic(truth["onset_s"].to_numpy()[legs & asleep])
    # Movements come with waking, and a leg movement out of a series is nothing: showing them is no fault.
    must = np.where(legs, in_series, truth["kind"] != "movement")
    return night.recording, stages, truth.assign(must=must, planted=False)


def periodic(onsets: np.ndarray) -> np.ndarray:
    """Mark the onsets that are part of four or more in a row, 10–90 s apart."""
    close = (np.diff(onsets) >= 10) & (np.diff(onsets) <= 90)
    marked = np.zeros(len(onsets), bool)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], close, [0]])))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        marked[start : stop + 1] = stop - start >= 3
    return marked


def dreams(excerpt: int) -> "mne.io.BaseRaw":
    """One excerpt at 100 Hz, in volts."""
    import mne

    from sleeplab.channels import parse_label

    with (DREAMS / f"excerpt{excerpt}.txt").open() as file:
        label = file.readline().strip().strip("[]")
        data = np.loadtxt(file) * 1e-6
    sfreq = round(len(data) / 1800)
    info = mne.create_info([parse_label(label).name], sfreq, "eeg")
    raw = mne.io.RawArray(data[None], info, verbose="error")
    return raw if sfreq == 100 else raw.resample(100, verbose="error")


def plain_features(recording: "mne.io.BaseRaw", n_epochs: int) -> np.ndarray:
    """Log band powers and log standard deviation of each EEG, EOG and chin channel, per epoch."""
    from sleeplab.features import BANDS, channel_block

    kinds = recording.get_channel_types()
    columns = []
    for name, kind in zip(recording.ch_names, kinds, strict=True):
        if kind in ("eeg", "eog", "emg"):
            block = channel_block(recording, name)
            block = type(block)(np.nan_to_num(block.data[:n_epochs]), block.sfreq)
            powers = [block.power(band) for band in BANDS.values()]
            columns += [np.log10(p + 1e-3) for p in (*powers, block.data.var(axis=1))]
    return np.column_stack(columns)


def baseline_scores(recording: "mne.io.BaseRaw", n_epochs: int) -> dict[str, np.ndarray]:
    """Score of every epoch, up = more unusual."""
    import yasa
    from pyod.models.ecod import ECOD
    from pyod.models.iforest import IForest

    rows = plain_features(recording, n_epochs)
    spread = 1.4826 * np.median(np.abs(rows - np.median(rows, axis=0)), axis=0)
    z = (rows - np.median(rows, axis=0)) / np.maximum(spread, 1e-3)
    eeg = np.nan_to_num(recording.copy().pick("eeg").get_data() * 1e6)
    eeg += 1e-3 * np.random.default_rng(0).standard_normal(eeg.shape)  # it cannot take the log of nothing
    _, art = yasa.art_detect(eeg, recording.info["sfreq"], window=EPOCH_S, method="std")
    art = np.nanmax(np.abs(art), axis=1)[:n_epochs]
    return {
        "art_detect": np.pad(np.nan_to_num(art), (0, n_epochs - len(art))),
        "IForest": IForest(random_state=0).fit(rows).decision_scores_,
        "ECOD": ECOD().fit(rows).decision_scores_,
        "z-score": np.abs(z).max(axis=1),
        "at random": np.random.default_rng(0).random(n_epochs),
    }


def stage_scores(features: pd.DataFrame) -> dict[str, np.ndarray]:
    """Score each epoch against the others of its stage, on the ledger's own EEG features."""
    from pyod.models.ecod import ECOD
    from pyod.models.iforest import IForest
    from scipy.ndimage import median_filter
    from sklearn.decomposition import PCA

    from sleeplab.anomalies.novelty import MIN_EPOCHS, NoveltyDetector, _compress
    from sleeplab.features import FEATURES

    names = [name for name, feature in FEATURES.items() if feature.role == "eeg"]
    values = _compress(features[names].to_numpy(dtype=float), names)
    stages, known = features["stage"].to_numpy(), np.isfinite(values).all(axis=1)
    scores = {name: np.zeros(len(values)) for name in STAGE_DETECTORS}
    for stage in ("WAKE", "N1", "N2", "N3", "REM"):
        own = np.flatnonzero(known & (stages == stage))
        if len(own) < MIN_EPOCHS:
            continue
        z = NoveltyDetector().fit(values[own]).z_values(values[own])
        away = values[own] - median_filter(values[own], size=(21, 1), mode="nearest")
        pca = PCA(5).fit(np.clip(z, -4, 4))
        left = ((z - pca.inverse_transform(pca.transform(z))) ** 2).sum(axis=1)
        found = {
            "robust distance": NoveltyDetector().fit(values[own]).novelty_score(values[own]),
            "to neighbours": NoveltyDetector().fit(away).novelty_score(away),
            "IForest": IForest(random_state=0).fit(z).decision_scores_,
            "ECOD": ECOD().fit(z).decision_scores_,
            "reconstruction": np.log(left),
        }
        for name, score in found.items():  # stages are made comparable by their robust z
            spread = 1.4826 * np.median(np.abs(score - np.median(score)))
            scores[name][own] = (score - np.median(score)) / max(float(spread), 1e-9)
    return scores


def find(
    recording: "mne.io.BaseRaw", hypnogram: "yasa.Hypnogram | None" = None
) -> tuple[pd.DataFrame, pd.DataFrame, float]:
    """Find ledger, features and the seconds of both, staged by YASA unless a hypnogram is given."""
    import sleeplab

    gate = sleeplab.check_quality(recording)
    hypnogram = hypnogram or sleeplab.stage(recording, gate)
    begin = time.perf_counter()
    features = sleeplab.epoch_features(recording, hypnogram, gate)
    ledger = sleeplab.find_anomalies(recording, gate, hypnogram, features)
    return ledger, features, time.perf_counter() - begin


def judge(plan: pd.DataFrame, sight: np.ndarray, truth: pd.DataFrame, budget_s: float) -> dict:
    """Average precision over the items in their order, and what the budget finds of each kind.

    `sight` says what each item shows, shape (n_items, n_truth). An item is a hit when it shows something that
    none before it has shown; the rest of a long fault is not looked at twice. An item that only shows what
    nobody needs to be shown counts neither way. The recall is the mean over kinds.
    """
    kinds, must = truth["kind"].to_numpy(), truth["must"].to_numpy(bool)
    cost = plan["cost_s"].cumsum().to_numpy()
    first = np.where(sight.any(axis=0), sight.argmax(axis=0), len(plan))
    weight = 1 / (pd.Series(kinds[must]).groupby(kinds[must]).transform("size") * len(set(kinds[must])))
    gain = np.bincount(first[must], weight, minlength=len(plan) + 1)[:-1]
    counted = sight[:, must].any(axis=1) | ~sight.any(axis=1)
    precision = np.cumsum(np.isin(np.arange(len(plan)), first[must])) / np.maximum(np.cumsum(counted), 1)
    looked = sight[: (cost <= budget_s).sum()]
    good, false = int(looked[:, must].any(axis=1).sum()), int((~looked.any(axis=1)).sum())
    seen = [first < len(plan), first < (cost <= 600).sum(), first < len(looked)]
    seen += [first < (cost <= 60 * minutes).sum() for minutes in MINUTES]
    return {
        "ap": float((gain * precision).sum()),
        "precision": good / max(good + false, 1),
        "false": false,
        "kinds": {
            kind: [int((own := must & (kinds == kind)).sum()), *(int((x & own).sum()) for x in seen)]
            for kind in sorted(set(kinds[must]))
        },
    }


def epoch_precision(score: np.ndarray, covers: np.ndarray, planted: np.ndarray) -> float:
    """Average precision over epochs; `covers` says which event lies in which, shape (n_epochs, n_truth)."""
    from sklearn.metrics import average_precision_score

    positive = covers[:, planted].any(axis=1)
    kept = positive | ~covers.any(axis=1)
    return float(average_precision_score(positive[kept], score[kept]))


def sight_of(items: pd.DataFrame, truth: pd.DataFrame) -> np.ndarray:
    """Tell what a person sees who opens each item, shape (n_items, n_truth)."""
    from sleeplab.review import match_events

    rows = [match_events(items.iloc[[i]], truth) >= 0 for i in range(len(items))]
    return np.array(rows, bool).reshape(len(items), len(truth))


def compare(
    recording: "mne.io.BaseRaw", stages: np.ndarray, truth: pd.DataFrame, *, true_stages: bool
) -> dict:
    """Judge sleeplab and the baselines on one night."""
    import yasa

    from sleeplab.review import plan_review, score_epochs

    hours = len(stages) * EPOCH_S / 3600
    budget_s = BUDGET * hours * 3600
    ledger, features, seconds = find(recording)
    result = {"hours": hours, "seconds": seconds}

    def ours(found: pd.DataFrame, table: pd.DataFrame) -> dict:
        plan = plan_review(found, minutes=1e9).assign(cost_s=lambda t: t["review_s"])
        plan = plan[plan["level"].isin(["signal", "event"])].reset_index(drop=True)
        figures = judge(plan, sight_of(plan, truth), truth, budget_s)
        return figures | {"epochs": epoch_precision(score_epochs(found, table), covers, planted)}

    epochs = pd.DataFrame({"onset_s": np.arange(len(stages)) * EPOCH_S, "duration_s": EPOCH_S})
    epochs = epochs.assign(kind="unusual EEG", cost_s=EPOCH_LOOK_S)
    covers, planted = sight_of(epochs, truth), truth["planted"].to_numpy(bool)
    result["sleeplab"] = ours(ledger, features)
    if true_stages:
        result["true stages"] = ours(*find(recording, yasa.Hypnogram(list(stages)))[:2])
    for name, score in baseline_scores(recording, len(stages)).items():
        order = np.argsort(-score, kind="stable")
        result[name] = judge(epochs, covers[order], truth, budget_s)
        result[name]["epochs"] = epoch_precision(score, covers, planted)
    scores = stage_scores(features)
    result["detectors"] = {name: epoch_precision(scores[name], covers, planted) for name in STAGE_DETECTORS}
    return result


def night_with_faults(job: tuple[int, str, float]) -> dict:
    """One simulated night with faults."""
    seed, patient, hours = job
    warnings.simplefilter("ignore")
    recording, stages, truth = with_faults(simulated(seed, patient, hours), seed, FAULTS)
    return {"name": f"{patient} {seed}", **compare(recording, stages, truth, true_stages=seed < 3)}


def clean_night(job: tuple[int, str, float]) -> dict:
    """Count the false findings of a healthy night, staged by YASA and with the true stages."""
    import yasa

    from sleeplab.review import match_events

    seed, patient, hours = job
    warnings.simplefilter("ignore")
    recording, stages, truth = simulated(seed, patient, hours)
    result = {"name": f"clean {seed}", "hours": hours}
    for name, hypnogram in (("yasa", None), ("true", yasa.Hypnogram(list(stages)))):
        ledger, *_ = find(recording, hypnogram)
        false = [(match_events(ledger.iloc[[i]], truth) < 0).all() for i in range(len(ledger))]
        result[name] = ledger.loc[np.array(false, bool), "kind"].value_counts().to_dict()
    return result


def spike_times(recording: "mne.io.BaseRaw") -> np.ndarray:
    """Detect sharp transients and return their times in seconds."""
    import sleeplab
    from sleeplab.anomalies._ledger import Inputs
    from sleeplab.anomalies.transients import detect_transients
    from sleeplab.features import fit_mask

    gate = sleeplab.check_quality(recording)
    stages = sleeplab.stage(recording, gate).hypno.astype(str).to_numpy().astype(str)
    found = detect_transients(Inputs(recording, stages, fit_mask(recording, gate), pd.DataFrame()))
    return np.array([transient.time_s for transient in found])


def excerpt_with_faults(job: tuple[int, str]) -> dict:
    """One DREAMS excerpt with brain events or faults; "spikes": 40 of one size; "": as it is."""
    from sleeplab.simulate import Fault, inject_faults

    excerpt, what = job
    warnings.simplefilter("ignore")
    recording = dreams(excerpt)
    name = f"DREAMS {excerpt} {what}".strip()
    if not what:
        return {"name": name, "kinds": find(recording)[0]["kind"].value_counts().to_dict()}
    if what == "spikes":  # one by one: a cluster shows all that lies between its first and last member
        found = {"untouched": [len(spike_times(recording)), 0]}
        for uv in (50, 75, 115):
            faults = [Fault("spike", at, 0.32, severity=uv / 75) for at in np.arange(20, 1780, 44)]
            changed = inject_faults(recording, faults)
            at = changed.truth["onset_s"].to_numpy()[:, None] + 0.06  # where its peak is
            times = spike_times(changed.recording)
            found[f"{uv} µV"] = [int((np.abs(at - times) < 0.1).any(axis=1).sum()), len(at)]
        return {"name": name, "found": found}
    stages = np.array(["N2"] * int(recording.n_times // (EPOCH_S * 100)))
    empty = pd.DataFrame(columns=["onset_s", "duration_s", "kind", "must", "planted"])
    changed = with_faults((recording, stages, empty), 100 + excerpt, ON_ONE_CHANNEL[what], clock=False)
    return {"name": name, **compare(*changed, true_stages=False)}


def interval(values: np.ndarray, statistic: Callable[[np.ndarray], float] = np.mean) -> list[float]:
    """Statistic over nights and its 95 % bootstrap interval."""
    rng = np.random.default_rng(0)
    draws = [statistic(values[rng.integers(len(values), size=len(values))]) for _ in range(500)]
    return [round(float(x), 3) for x in (statistic(values), *np.nanquantile(draws, [0.025, 0.975]))]


def by_kind(nights: list[dict], method: str) -> dict[str, np.ndarray]:
    """For each kind and night: planted, in the ledger, in 10 min, in the budget, in each of `MINUTES`."""
    kinds = sorted({kind for night in nights for kind in night[method]["kinds"]})
    none = [0] * (4 + len(MINUTES))
    return {kind: np.array([night[method]["kinds"].get(kind, none) for night in nights]) for kind in kinds}


def share(column: int) -> Callable[[np.ndarray], float]:
    """Share of what was planted."""
    return lambda counts: counts[:, column].sum() / max(counts[:, 0].sum(), 1)


def over_kinds(nights: list[dict], method: str, column: int) -> list[float]:
    """Mean over kinds of the share that is found, with its interval over nights."""
    table = np.stack(list(by_kind(nights, method).values()), axis=1)  # nights, kinds, columns

    def mean(counts: np.ndarray) -> float:
        total = counts.sum(axis=0)
        there = total[:, 0] > 0
        return float((total[there, column] / total[there, 0]).mean())

    return interval(table, mean)


def summary(nights: list[dict], methods: tuple[str, ...]) -> dict:
    """Print one line per method and give the figures."""
    figures = {}
    print(
        f"{'':12}{'AUPRC, items':>22}{'AUPRC, epochs':>22}{'recall in 5 %':>22}{'precise':>9}{'false/h':>9}"
    )
    for method in methods:
        own = [night[method] for night in nights]
        ap, planted = (interval(np.array([x[name] for x in own])) for name in ("ap", "epochs"))
        recall = over_kinds(nights, method, 3)
        precision = round(float(np.mean([x["precision"] for x in own])), 3)
        false = round(sum(x["false"] for x in own) / sum(night["hours"] for night in nights), 2)
        figures[method] = {"auprc": ap, "auprc_epochs": planted, "recall": recall}
        figures[method] |= {"precision": precision, "false_per_h": false}
        said = [f"{v[0]:.2f} ({v[1]:.2f}–{v[2]:.2f})" for v in (ap, planted, recall)]
        print(f"{method:12}{''.join(f'{text:>22}' for text in said)}{precision:9.2f}{false:9.2f}")
    for name in ("auprc", "auprc_epochs"):
        best = max((m for m in methods if m in METHODS[1:5]), key=lambda m: figures[m][name][0])
        ratio = figures["sleeplab"][name][0] / figures[best][name][0]
        print(f"{name} against the best baseline ({best}): {ratio:.2f} times")
        figures[f"ratio_{name}"] = round(ratio, 2)
    print()
    return figures


def kinds_table(nights: list[dict]) -> dict:
    """Print what is found of each kind."""
    ours = by_kind(nights, "sleeplab")
    others = {method: by_kind(nights, method) for method in METHODS[1:]}
    print(f"{'kind':18}{'planted':>8}{'ledger':>8}{'10 min':>8}{'in 5 % (95 % interval)':>24}", end="")
    print("".join(f"{method:>12}" for method in METHODS[1:]))
    figures = {}
    for kind, counts in ours.items():
        low = interval(counts, share(3))
        figures[kind] = [int(counts[:, 0].sum()), *(round(share(i)(counts), 3) for i in (1, 2, 3))]
        text = f"{low[0]:.2f} ({low[1]:.2f}–{low[2]:.2f})"
        print(
            f"{kind:18}{figures[kind][0]:8d}{figures[kind][1]:8.2f}{figures[kind][2]:8.2f}{text:>24}", end=""
        )
        print("".join(f"{share(3)(others[m][kind]):12.2f}" for m in METHODS[1:]))
    print()
    return figures


def clean_table(nights: list[dict]) -> dict:
    """Print the false findings of healthy nights."""
    figures = {}
    for name in ("yasa", "true"):
        counts = pd.DataFrame([night[name] for night in nights]).fillna(0)
        hours = sum(night["hours"] for night in nights)
        rate = interval(counts.sum(axis=1).to_numpy(float) / nights[0]["hours"])
        kinds = (counts.sum() / hours).sort_values(ascending=False).round(3).to_dict()
        print(f"false per clean hour, {name} stages: {rate[0]:.2f} ({rate[1]:.2f}–{rate[2]:.2f}): {kinds}")
        figures[name] = {"per_hour": rate, "kinds": kinds}
    print()
    return figures


def recall_table(nights: list[dict]) -> dict:
    """Print what each budget finds, mean over kinds."""
    table = {m: over_kinds(nights, "sleeplab", 4 + i) for i, m in enumerate(MINUTES)}
    print("recall, mean over kinds:", "; ".join(f"{m} min {x[0]:.2f}" for m, x in table.items()), end="\n\n")
    return table


def write_recall(figures: dict, nights: list[dict]) -> None:
    """Write what the report quotes."""
    table = figures["recall_by_minutes"]
    lines = [
        "# Written by `python benchmarks/anomalies.py --write`: what budgets find of known events and",
        "# faults, mean over kinds, in simulated nights (seeds below 1000, on which nothing was tuned),",
        "# and the false findings per hour of healthy ones. Real nights are harder.",
        f"n_nights = {len(nights)}",
        f"n_kinds = {len(figures['kinds'])}",
        f"hours = {nights[0]['hours']:.1f}",
        f"minutes = {[float(m) for m in table]}",
        f"recall = {[round(x[0], 3) for x in table.values()]}",
        f"false_per_clean_h = {figures['clean']['yasa']['per_hour'][0]}",
    ]
    RECALL.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Print the tables and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="short nights: for the form, not the numbers")
    parser.add_argument("--write", action="store_true", help="put the recall of each budget into the package")
    options = parser.parse_args()
    quick = options.quick
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    hours = 1.0 if quick else 8.0
    jobs = [(night_with_faults, (s, p, hours)) for s, p in (NIGHTS[4:5] if quick else NIGHTS)]
    jobs += [(clean_night, (s, p, hours)) for s, p in (CLEAN[:1] if quick else CLEAN)]
    if DREAMS.exists() and not quick:
        jobs += [(excerpt_with_faults, (e, w)) for e in EXCERPTS for w in ("", "spikes", *ON_ONE_CHANNEL)]
    results: dict[str, list] = {
        job.__name__: [] for job in (night_with_faults, clean_night, excerpt_with_faults)
    }
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        futures = [(job.__name__, pool.submit(job, given)) for job, given in jobs]
        for name, future in futures:
            results[name].append(future.result())
            print(f"done: {results[name][-1]['name']}", file=sys.stderr, flush=True)
    nights, figures = results["night_with_faults"], {"quick": quick}
    figures["seconds_per_night"] = round(float(np.median([n["seconds"] for n in nights])), 1)
    print(f"{len(nights)} simulated nights with faults; {figures['seconds_per_night']} s each to find")
    figures["simulated"] = summary(nights, METHODS)
    figures["kinds"] = kinds_table(nights)
    with_truth = [night for night in nights if "true stages" in night]
    if with_truth:
        print(f"the {len(with_truth)} healthy ones, staged by YASA and with their true stages")
        figures["true_stages"] = summary(with_truth, ("sleeplab", "true stages", *METHODS[1:]))
    print("epochs against their stage, on the ledger's EEG features, AUPRC over epochs:")
    figures["detectors"] = {
        name: interval(np.array([night["detectors"][name] for night in nights])) for name in STAGE_DETECTORS
    }
    print(
        *(f"{name} {x[0]:.3f} ({x[1]:.3f}–{x[2]:.3f})" for name, x in figures["detectors"].items()), sep="; "
    )
    figures["clean"] = clean_table(results["clean_night"])
    figures["recall_by_minutes"] = recall_table(nights)
    if options.write and not quick:
        write_recall(figures, nights)
    real = results["excerpt_with_faults"]
    if real:
        print("real EEG (DREAMS excerpts of 30 min, one channel)")
        figures["dreams"] = summary([x for x in real if "sleeplab" in x], METHODS)
        figures["dreams_kinds"] = kinds_table([x for x in real if "sleeplab" in x])
        for result in real:
            if "sleeplab" not in result:
                print(f"{result['name']}: {result.get('found', result.get('kinds'))}")
                figures[result["name"]] = result.get("found", result.get("kinds"))
    elif not quick:
        print(f"no real EEG beside the project: {DREAMS.name} was not found, its part was left out")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
