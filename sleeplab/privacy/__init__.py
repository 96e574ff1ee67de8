"""Recordings and scorings without the person, and a search for what may still tell who it was.

What is written is pseudonymous, not anonymous: the key gives the person back, and an EEG can identify
somebody who is recorded again.
"""

from sleeplab.privacy._check import check_identity
from sleeplab.privacy._cohort import KNOWN_ELSEWHERE, cohort_risk, rare_groups, read_cohort
from sleeplab.privacy._edf import Deidentified, deidentify
from sleeplab.privacy._key import CHECKS_RIGHTS, new_key, read_key
from sleeplab.privacy._provenance import record_deidentified
from sleeplab.privacy._scoring import deidentify_scoring

__all__ = [
    "CHECKS_RIGHTS",
    "KNOWN_ELSEWHERE",
    "Deidentified",
    "check_identity",
    "cohort_risk",
    "deidentify",
    "deidentify_scoring",
    "new_key",
    "rare_groups",
    "read_cohort",
    "read_key",
    "record_deidentified",
]
