"""Agreement between scorers, human or not: two hypnograms compared, several brought to a consensus.

A machine is read beside the human ceiling: people agree with each other to a kappa of 0.76, on N1 of 0.24.
"""

from sleeplab.agreement._compare import Agreement, compare_nights, compare_scorings
from sleeplab.agreement._consensus import consensus, soft_agreement
from sleeplab.agreement._expected import ExpectedAgreement, expected_agreement
from sleeplab.agreement._human import HUMAN_ACCURACY, HUMAN_KAPPA, HUMAN_SOURCE
from sleeplab.agreement._reliability import expected_calibration_error, reliability_curve

__all__ = [
    "HUMAN_ACCURACY",
    "HUMAN_KAPPA",
    "HUMAN_SOURCE",
    "Agreement",
    "ExpectedAgreement",
    "compare_nights",
    "compare_scorings",
    "consensus",
    "expected_agreement",
    "expected_calibration_error",
    "reliability_curve",
    "soft_agreement",
]
