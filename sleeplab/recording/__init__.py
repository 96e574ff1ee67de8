"""Recordings as hospitals export them: only what is needed, at its own rate, units and clock checked."""

from sleeplab.recording._identity import identity_ranges, night_id
from sleeplab.recording._labels import check_labels
from sleeplab.recording._read import iter_blocks, read_header, read_labels, read_recording
from sleeplab.recording._source import Header
from sleeplab.recording._units import is_known_unit

__all__ = [
    "Header",
    "check_labels",
    "identity_ranges",
    "is_known_unit",
    "iter_blocks",
    "night_id",
    "read_header",
    "read_labels",
    "read_recording",
]
