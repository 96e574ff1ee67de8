"""What a budget is known to find: the measurement of benchmarks/anomalies.py, in one sentence."""

from __future__ import annotations

from typing import Any


def say_recall(minutes: float, *, hours: float = 8.0) -> str:
    """Say what share of known events and faults a budget finds, and how many findings are false.

    `recall.toml` holds what ``benchmarks/anomalies.py --write`` measured; between its budgets the line is
    straight. What counts is the budget per hour of recording.

    Parameters
    ----------
    minutes
        The review budget in minutes.
    hours
        Length of the recording.

    Returns
    -------
    str
        One sentence.

    Examples
    --------
    >>> say_recall(0.0).partition(";")[0]
    'Measured on known truth, this budget finds 0 % of what was planted in 10 simulated nights'
    """
    import numpy as np

    table = _read()
    budgets, recall = [0.0, *table["minutes"]], [0.0, *table["recall"]]
    share = float(np.interp(minutes * table["hours"] / max(hours, 1e-9), budgets, recall))
    false = table["false_per_clean_h"] * hours
    return (
        f"Measured on known truth, this budget finds {100 * share:.0f} % of what was planted in "
        f"{table['n_nights']} simulated nights; all {table['n_kinds']} kinds count alike; of a healthy night "
        f"as long as this one about {false:.0f} findings are false."
    )


def _read() -> dict[str, Any]:
    import tomllib
    from importlib.resources import files

    return tomllib.loads(files("sleeplab.review").joinpath("recall.toml").read_text(encoding="utf-8"))
