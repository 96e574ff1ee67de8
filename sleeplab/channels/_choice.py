"""What the choosing of channels works on: tracks, and the channels made from one or two of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd


class Track(NamedTuple):
    """A signal of the file: the row `track` of its channel table."""

    track: int
    label: str
    name: str
    role: str
    kind: str
    modality: str
    electrode: str
    reference: str
    side: str
    sfreq: float
    reason: str


class Choice(NamedTuple):
    """A channel to make: a track as it is, or minus another one."""

    name: str
    role: str
    label: str
    minus: str
    reason: str
    track: int
    minus_track: int


def signal_tracks(table: "pd.DataFrame") -> list[Track]:
    """Return the tracks that are signals, in the order of the file."""
    signals = table[table["kind"].isin(["signal", "derived"])]
    columns = [signals.index, *(signals[field] for field in Track._fields[1:])]
    return [Track(*row) for row in zip(*columns, strict=True)]


def direct(track: Track, *, name: str = "") -> Choice:
    """Read one track as it is."""
    return Choice(name or track.name, track.role, track.label, "", track.reason, track.track, -1)


def difference(track: Track, minus: Track, *, name: str = "") -> Choice:
    """Read one track minus another one of the same rate."""
    name = name or f"{track.electrode}-{minus.electrode}"
    reason = f"made from two tracks: {track.name} minus {minus.name}"
    return Choice(name, track.role, track.label, minus.label, reason, track.track, minus.track)


def is_raw(track: Track) -> bool:
    """Whether the track is an electrode against what all electrodes were recorded against."""
    return bool(track.electrode) and track.reference in ("", "Ref", "Avg")


def can_subtract(track: Track, minus: Track) -> bool:
    """Whether both are raw, different, against the same reference and of the same rate, where it is given."""
    same_rate = track.sfreq == minus.sfreq or track.sfreq != track.sfreq
    same_reference = is_raw(track) and is_raw(minus) and track.reference == minus.reference
    return same_rate and same_reference and track.electrode != minus.electrode


def find_reference(track: Track, tracks: Sequence[Track], electrodes: Sequence[str]) -> Track | None:
    """Return the raw track of the first of `electrodes` that is there and can be subtracted from `track`."""
    raw = {other.electrode: other for other in tracks if can_subtract(track, other)}
    return next((raw[electrode] for electrode in electrodes if electrode in raw), None)
