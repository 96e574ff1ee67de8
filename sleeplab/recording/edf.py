"""The bytes of an EDF or BDF file, for whoever must not go through samples: fields, records, time stamps."""

from sleeplab.recording._fields import EDF_YEARS, MONTHS, NO_DATE, count, number, plus_date, start_time, text
from sleeplab.recording._onsets import record_onset
from sleeplab.recording._records import Records, locate_records
from sleeplab.recording._source import LONGEST_S

__all__ = [
    "EDF_YEARS",
    "LONGEST_S",
    "MONTHS",
    "NO_DATE",
    "Records",
    "count",
    "locate_records",
    "number",
    "plus_date",
    "record_onset",
    "start_time",
    "text",
]
