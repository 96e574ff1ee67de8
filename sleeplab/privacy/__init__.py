"""Recordings and scorings without the person, and a search for what may still tell who it was.

What is written is pseudonymous, not anonymous: the key gives the person back, and an EEG can identify
somebody who is recorded again.
"""

from sleeplab.privacy._check import check_identity
from sleeplab.privacy._cohort import rare_groups
from sleeplab.privacy._edf import Deidentified, deidentify
from sleeplab.privacy._key import new_key
from sleeplab.privacy._scoring import deidentify_scoring

__all__ = ["Deidentified", "check_identity", "deidentify", "deidentify_scoring", "new_key", "rare_groups"]
