"""How far apart the unusual in a hypnogram puts healthy sleepers and people with apnea.

Run ``python benchmarks/architecture.py [--quick]``. The last line is JSON. DOD-H (25 healthy sleepers) is
set against DOD-O (30 people with sleep apnea here, 55 in the whole set): stages by majority of five scorers.
Nothing learns from the patients: what is usual comes from the healthy, each of whom is judged by the others.
Ours is the reference of `sleeplab.anomalies.cohort` on the architecture; beside it the sum of squared z of
nine statistics, and the largest of these z. Intervals: 2000 bootstraps of people.

Caveat: DOD-H are 35 years old on average, DOD-O 46 (Guillot et al. 2020, doi:10.1109/TNSRE.2020.3011181), and
nobody's own age is known here: part of the difference is age, not apnea. The data are on developer machines
only; without them simulated nights stand in, and the output says so.
"""

import argparse
import json
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from sleeplab.agreement import consensus
from sleeplab.anomalies.cohort import CohortReference
from sleeplab.features import night_statistics
from sleeplab.norms import compare_with_norm
from sleeplab.scoring import read_hypnogram
from sleeplab.simulate import simulate_night

DOD = Path(__file__).parents[2] / "shared" / "data" / "dod"
NINE = ["tst_min", "se_pct", "sol_min", "waso_min", "rem_latency_min", "awakenings_per_h"]
NINE += ["n1_pct", "n3_pct", "rem_pct"]
YEARS = {"healthy": 35, "apnea": 46}
N_BOOTSTRAPS = 2000


def main() -> None:
    """Score all nights with each method, print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="eight nights of each group")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    most = 8 if options.quick else 100
    real = DOD.exists()
    read = read_dod if real else simulate_group
    healthy, apnea = read("healthy", most), read("apnea", most)
    if not real:
        print("The DOD scorings are not on this machine: simulated nights of 30 min stand in.\n")
    print(describe(healthy, apnea).to_string(), "\n")
    rows = [
        {"method": name, **judge(score, healthy, apnea)}
        for name, score in {
            "sleeplab, cohort reference": reference_score,
            "sum of squared z of nine": squared_z,
            "largest z of nine": largest_z,
        }.items()
    ]
    table = pd.DataFrame(rows).set_index("method")
    print(table.round(2).to_string())
    at_age = false_alarms(healthy, apnea)
    print(
        "\nNights with an unusual statistic against the norms (5 % of healthy nights at most, by design): "
        f"apnea {at_age['apnea at 35']:.0%} judged as at 35 years, {at_age['apnea at 46']:.0%} as at their "
        f"mean age of 46; healthy {at_age['healthy at 35']:.0%} (the norms are made from these nights)"
    )
    print(
        f"\nCaveat: healthy {YEARS['healthy']} years on average, apnea {YEARS['apnea']}: part of this is age."
    )
    figures = {"n_healthy": len(healthy), "n_apnea": len(apnea), "real": real, **at_age}
    print(json.dumps(figures | {"auroc": {row["method"]: round(row["AUROC"], 3) for row in rows}}))


def read_dod(group: str, most: int) -> pd.DataFrame:
    """Statistics of each night's consensus of five scorers."""
    folder = DOD / {"healthy": "dodh", "apnea": "dodo"}[group]
    names = sorted(path.name for path in (folder / "scorer_1").glob("*.json"))[:most]
    return pd.DataFrame(
        [
            night_statistics(consensus([read_hypnogram(folder / f"scorer_{k}" / name) for k in range(1, 6)]))
            for name in names
        ]
    )


def simulate_group(group: str, most: int) -> pd.DataFrame:
    """Statistics of short simulated nights."""
    nights = [simulate_night(seed, hours=0.5, patient=group) for seed in range(min(most, 8))]
    return pd.DataFrame([night_statistics(night.hypnogram) for night in nights])


def reference_score(fit: pd.DataFrame, nights: pd.DataFrame) -> np.ndarray:
    """Score by the product's own reference, fitted on the architecture only."""
    return CohortReference().fit(fit).novelty_score(nights)


def squared_z(fit: pd.DataFrame, nights: pd.DataFrame) -> np.ndarray:
    """Sum the squared z of nine statistics; one that a night does not have counts 0."""
    z = (nights[NINE] - fit[NINE].mean()) / fit[NINE].std()
    return (z.fillna(0.0) ** 2).sum(axis=1).to_numpy()


def largest_z(fit: pd.DataFrame, nights: pd.DataFrame) -> np.ndarray:
    """Give the largest absolute z of nine statistics."""
    z = (nights[NINE] - fit[NINE].mean()) / fit[NINE].std()
    return z.abs().max(axis=1).to_numpy()


def judge(
    score: Callable[[pd.DataFrame, pd.DataFrame], np.ndarray], healthy: pd.DataFrame, apnea: pd.DataFrame
) -> dict[str, float]:
    """AUROC with its interval; each healthy night is scored by the others."""
    usual = np.array([score(healthy.drop(i), healthy.loc[[i]])[0] for i in healthy.index])
    unusual = score(healthy, apnea)
    rng = np.random.default_rng(0)
    draws = [
        auroc(rng.choice(usual, len(usual)), rng.choice(unusual, len(unusual))) for _ in range(N_BOOTSTRAPS)
    ]
    low, high = np.quantile(draws, [0.025, 0.975])
    return {"AUROC": auroc(usual, unusual), "low": float(low), "high": float(high)}


def auroc(usual: np.ndarray, unusual: np.ndarray) -> float:
    """Chance that an apnea night scores higher than a healthy one."""
    labels = np.repeat([0, 1], [len(usual), len(unusual)])
    return float(roc_auc_score(labels, np.concatenate([usual, unusual])))


def describe(healthy: pd.DataFrame, apnea: pd.DataFrame) -> pd.DataFrame:
    """Set the two groups side by side."""
    parts = {"healthy": healthy, "apnea": apnea}
    columns = {
        f"{group} {name}": getattr(part, name)() for group, part in parts.items() for name in ("mean", "std")
    }
    return pd.DataFrame(columns).round(1)


def false_alarms(healthy: pd.DataFrame, apnea: pd.DataFrame) -> dict[str, float]:
    """Share of nights with any statistic beyond its norm, Bonferroni over those a night has."""

    def share(nights: pd.DataFrame, age: float) -> float:
        alarms = [
            any(compare_with_norm(str(n), v, age=age)[1] < 0.05 / len(known) for n, v in known.items())
            for known in (row.drop("n3_breaks_per_h").dropna() for _, row in nights.iterrows())
        ]
        return round(float(np.mean(alarms)), 3)

    return {
        "healthy at 35": share(healthy, 35.3),
        "apnea at 35": share(apnea, 35.3),
        "apnea at 46": share(apnea, 46.0),
    }


if __name__ == "__main__":
    main()
