"""The fault injector: known faults in any recording or scoring, and the truth about them."""

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from sleeplab.simulate import _changes as changes

if TYPE_CHECKING:
    import mne
    import pandas as pd

Array = npt.NDArray[np.float64]
TRUTH_COLUMNS = ("onset_s", "duration_s", "kind", "channel", "scorer", "severity")

# What can go wrong, and what it does to the samples of the named channels.
FAULTS: dict[str, changes.Change] = {
    "electrode_off": changes.detach,
    "flat": changes.flatten,
    "clipping": changes.clip,
    "mains_50hz": changes.hum(50.0),
    "mains_60hz": changes.hum(60.0),
    "sweat": changes.sweat,
    "movement": changes.move,
    "electrode_pop": changes.pop,
    "ecg_leak": changes.leak_heart,
    "swapped": changes.swap,
    "inverted": changes.invert,
    "unit_error": changes.mistake_unit,
    "missing": changes.lose,
    "gap": changes.flatten,  # in all channels, and annotated BAD_gap
    "clock_gap": changes.flatten,  # cut out: what follows comes too early
    "spike": changes.discharge,
    "spike_wave": changes.discharge_in_runs,
    "evolving_rhythm": changes.evolve,
    "arousal": changes.wake_up,
    "spindle_loss": changes.remove_band(11.0, 16.0),
    "slow_wave_loss": changes.remove_band(0.3, 2.0),
}
# Faults that are single moments: how many per minute of the span, and how long each lasts (s).
_MOMENTS = {"spike": (6.0, 0.32), "electrode_pop": (8.0, 1.5)}


class Fault(NamedTuple):
    """One thing that goes wrong.

    Attributes
    ----------
    kind : str
        A key of ``FAULTS``.
    onset_s, duration_s : float
        Where, in seconds from the start of the recording; to its end where no duration is given.
    ch_names : sequence of str
        Which channels; none named means every EEG channel.
    severity : float
        1 is a typical fault of its kind. It scales what is added, or is the share that is lost.
    """

    kind: str
    onset_s: float = 0.0
    duration_s: float = float("inf")
    ch_names: Sequence[str] = ()
    severity: float = 1.0


class Injected(NamedTuple):
    """A changed copy of a recording, and the truth table of what was changed."""

    recording: "mne.io.BaseRaw"
    truth: "pd.DataFrame"


def inject_faults(recording: "mne.io.BaseRaw", faults: Sequence[Fault]) -> Injected:
    """Put faults into a copy of any recording, simulated or real, one after the other.

    Parameters
    ----------
    recording : mne.io.BaseRaw
        Signals in volts; it is not changed.
    faults : sequence of Fault
        What goes wrong, where, and how badly. ``FAULTS`` lists the kinds. ``spike`` and ``electrode_pop`` are
        moments, several per minute of their span, with one truth row each. ``gap`` and ``clock_gap`` concern
        all channels. ``swapped`` needs at least two. Mains above half the sampling rate aliases, as in a
        recorder without a filter.

    Returns
    -------
    Injected
        `recording`, the changed copy, and `truth` (``onset_s, duration_s, kind, channel, scorer, severity``).

    Raises
    ------
    ValueError
        If a kind is unknown, a span lies outside the recording, or a channel is missing.

    Examples
    --------
    >>> from sleeplab.simulate import Fault, inject_faults, simulate_night
    >>> night = simulate_night(seed=1, hours=0.1)
    >>> changed, truth = inject_faults(night.recording, [Fault("inverted", 60, 30, ["C4-M1"])])
    >>> truth[["onset_s", "duration_s", "kind", "channel"]].values.tolist()
    [[60.0, 30.0, 'inverted', 'C4-M1']]
    >>> before, after = night.recording.get_data("C4-M1")[0], changed.get_data("C4-M1")[0]
    >>> bool((after[6000:9000] == -before[6000:9000]).all()), bool((after[9000:] == before[9000:]).all())
    (True, True)
    """
    import pandas as pd

    changed = recording.copy().load_data(verbose="error")
    rows: list[Fault] = []
    for fault in faults:
        placed = _place(changed, fault)
        for moment in _moments(placed):
            _change(changed, moment)
            rows.append(moment)
        if fault.kind == "gap":
            changed.annotations.append(placed.onset_s, placed.duration_s, "BAD_gap")
        elif fault.kind == "clock_gap":
            changed = _cut(changed, placed)
    truth = [
        (
            round(float(f.onset_s), 3),
            round(float(f.duration_s), 3),
            f.kind,
            ",".join(f.ch_names),
            "truth",
            float(f.severity),
        )
        for f in rows
    ]
    return Injected(changed, pd.DataFrame(truth, columns=list(TRUTH_COLUMNS)))


def _place(recording: "mne.io.BaseRaw", fault: Fault) -> Fault:
    """Check where a fault shall go, and fill in what was left open."""
    total = recording.n_times / recording.info["sfreq"]
    if fault.kind not in FAULTS:
        msg = f"kind must be one of {', '.join(FAULTS)}, got {fault.kind!r}."
        raise ValueError(msg)
    if not 0 <= fault.onset_s < total:
        msg = f"onset_s must lie within the recording of {total:g} s, got {fault.onset_s:g} s."
        raise ValueError(msg)
    if not fault.duration_s > 0:
        msg = f"duration_s must be positive, got {fault.duration_s:g} s."
        raise ValueError(msg)
    names = list(fault.ch_names)
    if fault.kind in ("gap", "clock_gap"):
        names = recording.ch_names
    elif not names:
        types = recording.get_channel_types()
        names = [name for name, kind in zip(recording.ch_names, types, strict=True) if kind == "eeg"]
    missing = sorted(set(names) - set(recording.ch_names))
    if missing or len(names) < 1 + (fault.kind == "swapped"):
        what = (
            f"has no channel {', '.join(missing)}"
            if missing
            else f"needs more channels named for {fault.kind}"
        )
        msg = f"the recording {what}. Choose among: {', '.join(recording.ch_names)}."
        raise ValueError(msg)
    return fault._replace(ch_names=tuple(names), duration_s=min(fault.duration_s, total - fault.onset_s))


def fault_stream(fault: Fault) -> np.random.Generator:
    """Open the random stream of a fault: the same fault is the same samples."""
    return np.random.default_rng([zlib.crc32(fault.kind.encode()), round(fault.onset_s * 1000)])


def _moments(fault: Fault) -> list[Fault]:
    """Split a fault that is a series of moments."""
    if fault.kind not in _MOMENTS:
        return [fault]
    per_minute, length = _MOMENTS[fault.kind]
    gaps = length + fault_stream(fault).exponential(
        60 / per_minute - length, int(fault.duration_s / length) + 1
    )
    onsets = np.cumsum(gaps) - gaps[0]
    return [
        fault._replace(onset_s=fault.onset_s + onset, duration_s=length)
        for onset in onsets.round(2)
        if onset + length <= fault.duration_s
    ]


def _change(recording: "mne.io.BaseRaw", fault: Fault) -> None:
    """Change our own copy."""
    sfreq = recording.info["sfreq"]
    first = round(fault.onset_s * sfreq)
    last = min(max(round((fault.onset_s + fault.duration_s) * sfreq), first + 2), recording.n_times)
    rows = [recording.ch_names.index(name) for name in fault.ch_names]
    t = np.arange(last - first) / sfreq
    types = recording.get_channel_types()
    if "ecg" in types:
        heart = recording._data[types.index("ecg"), first:last].copy()
    else:
        heart = 1e-3 * np.exp(-0.5 * (((t % 0.9) - 0.45) / 0.012) ** 2)
    span = changes.Span(t, fault.duration_s, fault.severity, fault_stream(fault), heart)
    recording._data[rows, first:last] = FAULTS[fault.kind](recording._data[rows, first:last], span)


def _cut(recording: "mne.io.BaseRaw", fault: Fault) -> "mne.io.BaseRaw":
    import mne

    sfreq = recording.info["sfreq"]
    first, last = (round(s * sfreq) for s in (fault.onset_s, fault.onset_s + fault.duration_s))
    data = np.delete(recording.get_data(), np.s_[first:last], axis=1)
    return mne.io.RawArray(data, recording.info.copy(), verbose="error")
