"""What each channel of a recording is: a token grammar for labels, and the choice of channels to read.

`parse_label` reads one label, `channel_table` all labels of a file, `plan_channels` chooses what to read.
"""

from sleeplab.channels._grammar import Channel, parse_label
from sleeplab.channels._known import is_known_label
from sleeplab.channels._plan import plan_channels
from sleeplab.channels._table import channel_table

MNE_TYPES = {
    "eeg": "eeg",
    "eog": "eog",
    "chin": "emg",
    "emg": "emg",
    "leg": "emg",
    "ecg": "ecg",
    "flow": "resp",
    "effort": "resp",
    "spo2": "misc",
    "pulse": "misc",
    "snore": "misc",
    "position": "misc",
    "other": "misc",
}
"""The channel type that MNE knows for each role."""

__all__ = ["MNE_TYPES", "Channel", "channel_table", "is_known_label", "parse_label", "plan_channels"]
