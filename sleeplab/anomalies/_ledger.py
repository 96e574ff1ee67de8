"""The ledger of a night: what a finding is, which kinds there are, and how findings become one table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sleeplab.features import EPOCH_S, find_r_peaks, names_of_role

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import mne
    import pandas as pd
    from numpy.typing import NDArray

    from sleeplab.anomalies.cohort import CohortReference
    from sleeplab.scoring import Scoring

LEDGER_COLUMNS = (
    "onset_s",
    "duration_s",
    "level",
    "kind",
    "ch_names",
    "stage",
    "score",
    "p_value",
    "evidence",
    "reference",
)
_NUMBERS = ("onset_s", "duration_s", "score", "p_value")

SLEEP = ("N1", "N2", "N3", "REM")
WHOLE_NIGHT = ("night", "cohort")  # levels of findings about the night, which have no stage


class Kind(NamedTuple):
    """Level of a kind of finding and the rule, norm or detector behind it."""

    level: str
    reference: str


_AASM = "AASM manual v3, 2023"
_NORM = "healthy nights of DOD-H, Guillot et al. 2020, doi:10.1109/TNSRE.2020.3011181, by age: sleeplab.norms"
_HUMAN = "scored by a human"
_DOD_O = "DOD-O, Guillot et al. 2020, doi:10.1109/TNSRE.2020.3011181"
KINDS: dict[str, Kind] = {
    "unfit signal": Kind("signal", "gate of sleeplab.quality"),
    "unfit channel": Kind("signal", "gate of sleeplab.quality"),
    "gap": Kind("signal", "gaps marked by the reader"),
    "doubtful label": Kind("signal", "what the label promises, sleeplab.recording.check_labels"),
    "electrode pops": Kind("signal", "jumps of 100 µV on one channel, sleeplab.anomalies.artefacts"),
    "sweat-like drift": Kind("signal", "power of 0.1-0.6 Hz, sleeplab.anomalies.artefacts"),
    "heart in the EEG": Kind("signal", "average over heart beats, sleeplab.anomalies.artefacts"),
    "slow waves missing": Kind("signal", "0.5-1.5 Hz against 2.5-4 Hz, sleeplab.anomalies.artefacts"),
    "spindle band missing": Kind("signal", "12-15 Hz against both sides, sleeplab.anomalies.artefacts"),
    "mains hum": Kind("signal", "a line above 45 Hz, sleeplab.anomalies.artefacts"),
    "inverted lead": Kind("signal", "correlation with other EEG, sleeplab.anomalies.artefacts"),
    "swapped leads": Kind("signal", "each like the other in the rest of the night, sleeplab.anomalies.swaps"),
    "clock jump": Kind("signal", "breathing steps on two channels, sleeplab.anomalies.artefacts"),
    "evolving rhythm": Kind("event", "after ACNS, Hirsch et al. 2021, doi:10.1097/WNP.0000000000000806"),
    "unusual EEG": Kind("event", "robust distance to the night's epochs of the same stage"),
    "sharp transients": Kind("event", "robust curvature of waves of 20–150 ms beyond their neighbours"),
    "sharp transient": Kind("event", "robust curvature of waves of 20–150 ms beyond their neighbours"),
    "arousal-like shift": Kind("event", f"{_AASM}: abrupt shift of 3 s or more after 10 s of sleep"),
    "arousal-like series": Kind("event", f"{_AASM}: abrupt shift of 3 s or more after 10 s of sleep"),
    "body movements": Kind("event", "muscle in the EEG, 31-45 Hz, sleeplab.anomalies.shifts"),
    "desaturation": Kind("event", f"{_AASM}: fall of 3 % or more"),
    "desaturation series": Kind("event", f"{_AASM}: fall of 3 % or more"),
    "low oxygen": Kind("event", "SpO2 of 88 % or less for 5 min or more, ICSD-3-TR, 2023"),
    "leg movement series": Kind("event", "WASM, Ferri et al. 2016, doi:10.1016/j.sleep.2016.10.010"),
    "slow heart": Kind("event", f"{_AASM}: under 40/min in sleep"),
    "fast heart": Kind("event", f"{_AASM}: over 90/min in sleep"),
    "REM without atonia": Kind("event", "any chin activity, Frauscher et al. 2012, doi:10.5665/sleep.1886"),
    "unusual architecture": Kind("night", _NORM),
    "no REM": Kind("night", _NORM),
    "no N3": Kind("night", _NORM),
    "sleep-onset REM": Kind("night", "REM within 15 min of sleep onset, ICSD-3-TR, 2023"),
    "fragmented N3": Kind("night", "over 6.8 per hour of N3, Lopez et al. 2018, doi:10.1002/ana.25153"),
    "incomplete night": Kind("night", "share of the night that was staged"),
    "unlike other nights": Kind("cohort", "conformal p-value against a fitted reference of other nights"),
    "scored breathing events": Kind("event", _HUMAN),
    "scored desaturations": Kind("event", _HUMAN),
    "scored arousals": Kind("event", _HUMAN),
    "scored leg movements": Kind("event", _HUMAN),
    "scored epileptiform activity": Kind("event", _HUMAN),
    "scored heart events": Kind("event", _HUMAN),
    "doubtful scoring": Kind("label", f"calibrated probabilities, and how experts differ in {_DOD_O}"),
    "rare transition": Kind(
        "label", "rates of 150 scorings of DOD-O, Guillot et al. 2020, doi:10.1109/TNSRE.2020.3011181"
    ),
    "shifted scoring": Kind("label", "agreement with the machine at other clock shifts"),
    "scoring of another night": Kind("label", "agreement with the machine at any clock shift"),
}


class Known(NamedTuple):
    """What is known about a night beside its signals; all of it may be missing.

    Attributes
    ----------
    age
        In years.
    sex
        "female" or "male".
    scoring
        A human scoring of the same night, aligned with the recording (`sleeplab.scoring.align_scoring`).
    reference
        Other nights to compare with.
    """

    age: float | None = None
    sex: str | None = None
    scoring: Scoring | None = None
    reference: CohortReference | None = None


class Finding(NamedTuple):
    """One row of the ledger before its stage, level and reference are filled in."""

    kind: str
    onset_s: float
    duration_s: float
    ch_names: tuple[str, ...]
    score: float
    evidence: str
    p_value: float = np.nan


@dataclass(frozen=True)
class Inputs:
    """What the detectors look at.

    Attributes
    ----------
    recording
        The night, in volts.
    stages
        One stage per whole 30-s epoch, shape (n_epochs,).
    fit
        For each channel the epochs that the gate finds fit, shape (n_epochs,).
    features
        Table of `epoch_features`.
    """

    recording: mne.io.BaseRaw
    stages: NDArray[np.str_]
    fit: dict[str, NDArray[np.bool_]]
    features: pd.DataFrame

    @cached_property
    def eeg_uv(self) -> dict[str, NDArray[np.float32]]:
        """Samples of each EEG channel, made once for all detectors; see `samples_uv`."""
        return {name: self.samples_uv(name) for name in names_of_role(self.recording, "eeg")}

    def samples_uv(self, ch_name: str) -> NDArray[np.float32]:
        """Read the samples of one channel in µV; 0 where they are not finite."""
        x: NDArray[np.float32] = (self.recording.get_data(picks=[ch_name])[0] * 1e6).astype(np.float32)
        x[~np.isfinite(x)] = 0.0
        return x

    @cached_property
    def beats(self) -> NDArray[np.intp]:
        """Samples of the heart beats in the first ECG channel, found once for all; none without an ECG."""
        names = names_of_role(self.recording, "ecg")[:1]
        if not names:
            return np.array([], dtype=np.intp)
        ecg = np.nan_to_num(self.recording.get_data(picks=names)[0])
        return find_r_peaks(ecg, float(self.recording.info["sfreq"]))


def make_ledger(findings: Iterable[Finding], stages: Sequence[str] | NDArray[np.str_]) -> pd.DataFrame:
    """Make the ledger: `LEDGER_COLUMNS`, fixed types, sorted by onset.

    Parameters
    ----------
    findings
        In any order.
    stages
        One stage per 30-s epoch; a finding gets the stage in which it begins, one about the night gets none.

    Returns
    -------
    pandas.DataFrame
        An empty one has the same columns and types.

    Examples
    --------
    >>> made = make_ledger([Finding("gap", 40.0, 10.0, ("C3-M2",), 1.0, "No data for 10 s.")], ["WAKE", "N1"])
    >>> made[["onset_s", "kind", "stage"]].values.tolist()
    [[40.0, 'gap', 'N1']]
    """
    import pandas as pd

    rows = [
        (
            finding.onset_s,
            finding.duration_s,
            KINDS[finding.kind].level,
            finding.kind,
            ",".join(finding.ch_names),
            "" if KINDS[finding.kind].level in WHOLE_NIGHT else stage_at(finding.onset_s, stages),
            finding.score,
            finding.p_value,
            finding.evidence,
            KINDS[finding.kind].reference,
        )
        for finding in findings
    ]
    ledger = pd.DataFrame(rows, columns=list(LEDGER_COLUMNS))
    types = {name: "float64" if name in _NUMBERS else "str" for name in LEDGER_COLUMNS}
    order = ["onset_s", "duration_s", "kind", "ch_names"]
    return ledger.astype(types).sort_values(order, kind="stable", ignore_index=True)


def stage_at(onset_s: float, stages: Sequence[str] | NDArray[np.str_]) -> str:
    """Stage of the epoch in which a moment lies; UNS outside of the scored epochs."""
    epoch = int(onset_s // EPOCH_S)
    return str(stages[epoch]) if 0 <= epoch < len(stages) else "UNS"


def runs(mask: NDArray[np.bool_], *, bridge: int = 0) -> list[tuple[int, int]]:
    """Find the stretches where `mask` holds, as (start, stop) indices; holes up to `bridge` long are closed.

    Examples
    --------
    >>> import numpy as np
    >>> runs(np.array([True, True, False, True, False, False, True]), bridge=1)
    [(0, 4), (6, 7)]
    """
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False))
    found: list[tuple[int, int]] = []
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if found and start - found[-1][1] <= bridge:
            found[-1] = (found[-1][0], stop)
        else:
            found.append((start, stop))
    return found


def group_by_gap(onsets_s: NDArray[np.floating], ends_s: NDArray[np.floating], gap_s: float) -> list[slice]:
    """Group events in order of onset: a new group starts more than `gap_s` after all earlier ends.

    Examples
    --------
    >>> import numpy as np
    >>> group_by_gap(np.array([0.0, 10.0, 99.0]), np.array([5.0, 12.0, 100.0]), 20.0)
    [slice(0, 2, None), slice(2, 3, None)]
    """
    if len(onsets_s) == 0:
        return []
    pauses = onsets_s[1:] - np.maximum.accumulate(ends_s)[:-1]
    cuts = [0, *(np.flatnonzero(pauses > gap_s) + 1).tolist(), len(onsets_s)]
    return [slice(a, b) for a, b in pairwise(cuts)]


def span(seconds: float) -> str:
    """Say a duration in words of the right size.

    Examples
    --------
    >>> span(12), span(90), span(7500)
    ('12 s', '1.5 min', '2 h 05 min')
    """
    if seconds < 60:
        return f"{seconds:.3g} s"
    if seconds < 3600:
        return f"{seconds / 60:.3g} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min"


def stage_counts(onsets_s: Iterable[float], stages: Sequence[str] | NDArray[np.str_]) -> str:
    """Count events by stage, most frequent first, for example "N2 41, N3 12"."""
    names, counts = np.unique([stage_at(onset, stages) for onset in onsets_s], return_counts=True)
    return ", ".join(f"{names[i]} {counts[i]}" for i in np.argsort(-counts, kind="stable"))
