"""The human ceiling: how far people agree with each other."""

HUMAN_KAPPA = {"overall": 0.76, "WAKE": 0.70, "N1": 0.24, "N2": 0.57, "N3": 0.57, "REM": 0.69}
"""Cohen's kappa between human scorers, 11 studies pooled (Lee et al. 2022; overall 95 % CI 0.71 to 0.81)."""
HUMAN_SOURCE = "Lee et al. 2022, doi:10.5664/jcsm.9538"
HUMAN_ACCURACY = 0.826
"""Share of epochs given the majority's stage: Rosenberg & Van Hout 2013, doi:10.5664/jcsm.2350."""
