"""All labels of a file as one table."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from sleeplab.channels._grammar import Channel, parse_label
from sleeplab.channels._known import UNKNOWN
from sleeplab.channels._vocabulary import load_vocabulary
from sleeplab.channels._words import repair_text

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")

_WAVEFORMS = ("eeg", "eog", "chin", "emg", "ecg", "leg")
_SLOWEST_WAVEFORM_HZ = 10.0
_OHM = ("ohm", "kohm", "ohms", "kohms", "ω", "kω")


def channel_table(
    labels: Sequence[str], *, sfreqs: Sequence[float] | None = None, units: Sequence[str] | None = None
) -> "pd.DataFrame":
    """Tell what each track of a file is.

    Parameters
    ----------
    labels : sequence of str
        The labels, in the order of the file; they may repeat.
    sfreqs : sequence of float, optional
        Sampling rate of each track in Hz; NaN in the table when not given. EEG, EOG, EMG and ECG below 10 Hz
        have no waveform left: their kind is "envelope".
    units : sequence of str, optional
        Unit of each track as it stands in the file. A track in ohm is an impedance, whatever its label says.

    Returns
    -------
    pandas.DataFrame
        One row per track, in the order of the file, index 0, 1, …: ``label, name, role, kind, modality,
        electrode, reference, side, sfreq, unit, reason``. Names are unique: of tracks with the same name
        the one with the highest rate keeps it, the others are called ``C3-M2 (2)``, ``C3-M2 (3)``. Names are
        made of known words only; a label without any is called ``Channel 7``, by its place in the file.

    Raises
    ------
    ValueError
        When `sfreqs` or `units` has another length than `labels`.

    Examples
    --------
    >>> table = channel_table(["EEG C3-A2", "C3 Imp", "Menton"], units=["uV", "Ohm", "uV"])
    >>> table[["name", "role", "kind"]].values.tolist()
    [['C3-M2', 'eeg', 'signal'], ['C3 (impedance)', 'other', 'impedance'], ['Chin', 'chin', 'signal']]
    """
    import pandas as pd

    rates = _as_long("sfreqs", sfreqs, labels, float("nan"))
    texts = _as_long("units", units, labels, "")
    parsed = zip(_parse_all(labels), rates, texts, strict=True)
    channels = [_as_measured(channel, rate, unit) for channel, rate, unit in parsed]
    table = pd.DataFrame(channels, columns=Channel._fields, dtype="str")
    table["name"] = _unique_names(table["name"].tolist(), rates)
    table.insert(table.columns.get_loc("reason"), "sfreq", pd.Series(rates, dtype="float64"))
    table.insert(table.columns.get_loc("reason"), "unit", pd.Series(texts, dtype="str"))
    return table


def _as_long(name: str, values: Sequence[T] | None, labels: Sequence[str], default: T) -> list[T]:
    out = [default] * len(labels) if values is None else list(values)
    if len(out) != len(labels):
        message = f"{name} must have one value per label: got {len(out)} for {len(labels)} labels."
        raise ValueError(message)
    return out


def _parse_all(labels: Sequence[str]) -> list[Channel]:
    """Parse each label; those too short to mean anything alone are read with the company they stand in."""
    vocabulary = load_vocabulary()
    folded = [repair_text(label).lower() for label in labels]
    known = vocabulary.beside if set(vocabulary.beside_tracks) & set(folded) else {}
    parsed = (parse_label(known.get(text, label)) for text, label in zip(folded, labels, strict=True))
    return [
        channel._replace(label=label, name=_placed(channel.name, label, place))
        for place, (channel, label) in enumerate(zip(parsed, labels, strict=True), start=1)
    ]


def _placed(name: str, label: str, place: int) -> str:
    """Name a track by its place in the file where no word of its label is known."""
    said = "".join(sign for sign in name.partition(" (")[0] if sign.isalnum())
    return f"Channel {place}" if said == UNKNOWN and label.strip() != UNKNOWN else name


def _as_measured(channel: Channel, sfreq: float, unit: str) -> Channel:
    """Believe the unit and the rate where they say that the track is no signal."""
    if repair_text(unit).lower() in _OHM and channel.kind != "impedance":
        about = parse_label(f"{channel.name} (impedance)")
        return about._replace(label=channel.label, reason=f"unit {unit}: impedance track, not a signal")
    if channel.role in _WAVEFORMS and sfreq < _SLOWEST_WAVEFORM_HZ:
        reason = f"{sfreq:g} Hz is too slow for {channel.modality}: an envelope, not the waveform"
        return channel._replace(role="other", kind="envelope", reason=reason)
    return channel


def _unique_names(names: Sequence[str], rates: Sequence[float]) -> list[str]:
    """Give repeats a number; the highest rate keeps the plain name, then the first in the file."""
    out, used = list(names), set[str]()
    for row in sorted(range(len(names)), key=lambda row: (-rates[row] if rates[row] > 0 else 0.0, row)):
        count = 1
        while out[row] in used:
            count += 1
            out[row] = f"{names[row]} ({count})"
        used.add(out[row])
    return out
