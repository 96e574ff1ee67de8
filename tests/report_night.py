"""A short night made by hand, with every table that a report is made of."""

from typing import Any, NamedTuple

import mne
import numpy as np
import pandas as pd
import yasa

from sleeplab.agreement import compare_scorings

SFREQ = 100.0
N_EPOCHS = 80  # 40 min
TYPES = {
    "F3-M2": "eeg", "C3-M2": "eeg", "O1-M2": "eeg", "E1-M2": "eog", "Chin": "emg", "ECG": "ecg",
    "Flow": "resp", "SpO2": "misc",
}  # fmt: skip
LEDGER_COLUMNS = [
    "onset_s", "duration_s", "level", "kind", "ch_names",
    "stage", "score", "p_value", "evidence", "reference",
]  # fmt: skip


class Night(NamedTuple):
    """What `night_report` takes."""

    recording: mne.io.RawArray
    gate: pd.DataFrame
    hypnogram: yasa.Hypnogram
    anomalies: pd.DataFrame
    worklist: pd.DataFrame


def make_recording() -> mne.io.RawArray:
    """40 min, 8 channels: noise on top of a 10 Hz rhythm, a heart beat a second, one desaturation."""
    rng = np.random.default_rng(0)
    times = np.arange(round(N_EPOCHS * 30 * SFREQ)) / SFREQ
    noise = rng.standard_normal((len(TYPES), len(times)))
    scale = np.array([12, 12, 12, 20, 6, 15])[:, None] * 1e-6
    data = np.empty_like(noise)
    data[:6] = noise[:6] * scale
    data[:3] += 20e-6 * np.sin(2 * np.pi * 10 * times)
    data[5] += 800e-6 * (np.mod(times, 1.0) < 0.03)
    data[6] = np.sin(2 * np.pi * 0.25 * times) + 0.05 * noise[6]
    data[7] = 96 - 7 * np.exp(-(((times - 1500) / 20) ** 2))
    data[1, 60000:90000] = 0.0  # C3-M2 falls off between minute 10 and minute 15
    info = mne.create_info(list(TYPES), SFREQ, list(TYPES.values()))
    raw = mne.io.RawArray(data, info, verbose="error")
    return raw.set_meas_date(pd.Timestamp("2024-03-09 23:10:00", tz="UTC").to_pydatetime())


def make_gate() -> pd.DataFrame:
    """Every channel fit but C3-M2 in epochs 20 to 29, and all of the last 4 epochs."""
    grid = pd.MultiIndex.from_product([TYPES, range(N_EPOCHS)], names=["ch_name", "epoch"])
    gate = grid.to_frame(index=False)
    off = (gate["ch_name"] == "C3-M2") & gate["epoch"].between(20, 29)
    end = gate["epoch"] >= 76
    gate["onset_s"] = gate["epoch"] * 30.0
    gate["fit"] = ~(off | end)
    gate["reason"] = np.select([off, end], ["flat", "gap"], "")
    return gate.assign(value=0.0, limit=0.5, unit="µV")


def make_hypnogram() -> yasa.Hypnogram:
    """WAKE, N1, N2, N3, N2, REM, and 4 epochs that could not be staged."""
    stages = ["WAKE"] * 10 + ["N1"] * 4 + ["N2"] * 20 + ["N3"] * 18 + ["N2"] * 10 + ["REM"] * 14 + ["UNS"] * 4
    columns = ["WAKE", "N1", "N2", "N3", "REM", "UNS"]
    proba = pd.DataFrame(0.05, index=range(N_EPOCHS), columns=columns)
    proba["UNS"] = 0.0
    for epoch, stage in enumerate(stages):
        proba.loc[epoch, stage] = 0.8
    proba.loc[76:] = [0.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    return yasa.Hypnogram(stages, freq="30s", scorer="sleeplab", proba=proba)


def make_ledger() -> pd.DataFrame:
    """Six findings, at least one of each of the levels signal, event, night and label."""
    nan = float("nan")
    rows = [
        (600.0, 300.0, "signal", "electrode off", "C3-M2", "N2", 9.0, nan,
         "Flat for 5.0 min (0.0 µV peak to peak, limit 0.5 µV).", "rule: flat"),
        (1130.0, 9.0, "event", "arousal-like shift", "F3-M2,O1-M2", "N3", 4.2, 0.004,
         "Power at 8–30 Hz rose 4.2-fold for 9 s after 10 s of sleep.", "AASM 2.6, V.A"),
        (1480.0, 45.0, "event", "oxygen desaturation", "SpO2", "N3", 3.1, nan,
         "SpO2 fell from 96 % to 89 % in 25 s.", "AASM 2.6, VIII"),
        (1700.5, 2.0, "event", "unlike its stage", "O1-M2", "N2", 2.0, 0.03,
         "Line length 3.1 times the median of N2.", "this night, N2"),
        (0.0, 2400.0, "night", "short sleep", "", "", 1.5, nan,
         "33.0 min asleep; 360 min or more is usual.", "Ohayon 2004, table 2"),
        (420.0, 30.0, "label", "doubtful scoring", "F3-M2", "N2", 1.2, 0.05,
         "The scorer says WAKE, the signal says N2 (0.80).", "label auditor"),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=LEDGER_COLUMNS)


def make_worklist(ledger: pd.DataFrame) -> pd.DataFrame:
    """Take the first four findings, 30 s each but the first."""
    worklist = ledger.iloc[:4].assign(rank=range(1, 5), review_s=[15.0, 30.0, 30.0, 30.0])
    return worklist.assign(cumulative_min=worklist["review_s"].cumsum() / 60)


def make_night() -> Night:
    """All five tables, consistent with each other."""
    ledger = make_ledger()
    return Night(make_recording(), make_gate(), make_hypnogram(), ledger, make_worklist(ledger))


def make_context() -> dict[str, Any]:
    """Everything else that a report can show."""
    channels = pd.DataFrame(
        {
            "label": ["EEG F3-A2", "EEG C3-A2", "Impédance C3"],
            "name": ["F3-M2", "C3-M2", ""],
            "role": ["eeg", "eeg", "other"],
            "kind": ["signal", "signal", "impedance"],
            "sfreq": [256.0, 256.0, 1.0],
            "unit": ["µV", "µV", "kOhm"],
            "reason": ["", "", "impedance is not a signal"],
        }
    )
    expert = ["WAKE"] * 10 + ["N1"] * 8 + ["N2"] * 20 + ["N3"] * 18 + ["N2"] * 10 + ["REM"] * 14
    return {
        "night_id": "0123456789ab",
        "channels": channels,
        "agreement": compare_scorings(make_hypnogram(), yasa.Hypnogram(expert, scorer="expert")),
        "recall": "Measured on simulated nights, this budget finds 93 % of the events.",
        "provenance": {"versions": {"sleeplab": "0.1.0"}, "parameters": {"minutes": 10, "eeg": []}},
    }
