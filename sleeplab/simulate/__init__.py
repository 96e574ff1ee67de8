"""Nights with known truth, and faults put into any recording or scoring.

A night is drawn in layers: a person and a laboratory (`_subject`), the order of stages (`_architecture`),
every second of it (`_course`), the events of the brain (`_events`) and of the body (`_body`). Only then is it
sampled (`_render`), from noise (`_background`) and waveforms (`_waveforms`), each from its own random stream.
"""

from sleeplab.simulate._demo import write_demo_edf
from sleeplab.simulate._faults import FAULTS, Fault, Injected, inject_faults
from sleeplab.simulate._night import (
    ORDINARY,
    SimulatedNight,
    SimulatedTruth,
    simulate_night,
    write_simulated_edf,
)
from sleeplab.simulate._scorers import simulate_scorers
from sleeplab.simulate._scoring_faults import SCORING_FAULTS, InjectedScoring, inject_scoring_fault
from sleeplab.simulate._subject import PATIENTS

__all__ = [
    "FAULTS",
    "ORDINARY",
    "PATIENTS",
    "SCORING_FAULTS",
    "Fault",
    "Injected",
    "InjectedScoring",
    "SimulatedNight",
    "SimulatedTruth",
    "inject_faults",
    "inject_scoring_fault",
    "simulate_night",
    "simulate_scorers",
    "write_demo_edf",
    "write_simulated_edf",
]
