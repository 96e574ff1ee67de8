"""Wall clocks: a scoring's and a recording's are compared as they stand on the wall, without time zones."""

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from sleeplab.recording.edf import NO_DATE

if TYPE_CHECKING:
    import mne

DAY_S = 86400.0


def wall_clock(moment: datetime | None) -> datetime | None:
    """Naive wall clock; None where there is none (EDF writes 1985-01-01 00:00:00 then)."""
    if moment is None:
        return None
    naive = moment.replace(tzinfo=None)
    return None if naive == datetime.combine(NO_DATE, time()) else naive


def recording_start(recording: "mne.io.BaseRaw") -> datetime | None:
    """Wall clock of the first sample (a cropped MNE recording keeps the uncropped ``meas_date``)."""
    start = wall_clock(recording.info["meas_date"])
    return None if start is None else start + timedelta(seconds=float(recording.first_time))


def offset_s(start: datetime | None, reference: datetime | None) -> float:
    """Seconds from the reference to the start; 0 where one of them has no clock.

    Where one has no date (1985-01-01), the times of day are compared, at most 12 h apart.

    Examples
    --------
    >>> offset_s(datetime(2024, 3, 2, 0, 10), datetime(2024, 3, 1, 23, 50))
    1200.0
    >>> offset_s(datetime(1985, 1, 1, 0, 10), datetime(2024, 3, 1, 23, 50))
    1200.0
    """
    if start is None or reference is None:
        return 0.0
    seconds = (start - reference).total_seconds()
    if NO_DATE in (start.date(), reference.date()):
        seconds = (seconds + DAY_S / 2) % DAY_S - DAY_S / 2
    return seconds


def parse_clock(text: str) -> datetime | None:
    """Moment of an ISO date and time, or of a time of day alone (dated 1985-01-01); None for neither.

    A time of day needs its seconds: 23:50 can be minutes.

    Examples
    --------
    >>> parse_clock("2024-03-01 23:50:00+00:00"), parse_clock("23:50:30")
    (datetime.datetime(2024, 3, 1, 23, 50), datetime.datetime(1985, 1, 1, 23, 50, 30))
    """
    text = text.strip()
    try:
        if text.count(":") == 2 and "-" not in text:
            hours, _, rest = text.partition(":")
            return datetime.combine(NO_DATE, time.fromisoformat(f"{hours:0>2}:{rest}"))
        return datetime.fromisoformat(text).replace(tzinfo=None) if ":" in text and "-" in text else None
    except ValueError:
        return None


def seconds_since(moments: list[datetime]) -> list[float]:
    """Seconds since the first moment; times of day without a date run over midnight.

    Examples
    --------
    >>> seconds_since([datetime(1985, 1, 1, 23, 59, 30), datetime(1985, 1, 1, 0, 0, 30)])
    [0.0, 60.0]
    """
    seconds: list[float] = []
    days = 0.0
    for moment in moments:
        now = (moment - moments[0]).total_seconds() + days
        if seconds and moment.date() == NO_DATE and now < seconds[-1] - DAY_S / 2:
            days += DAY_S
            now += DAY_S
        seconds.append(now)
    return seconds
