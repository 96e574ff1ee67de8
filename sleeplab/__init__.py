"""Sleep EEG: from a night of recording to a worklist of minutes.

>>> import sleeplab
>>> sleeplab.channels.parse_label("EEG C3-A2").name
'C3-M2'

Names are loaded when they are first used, so that ``import sleeplab`` costs nothing.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

# name -> the module that holds it, in the order of the flow
_HOME = {
    "parse_label": "channels",
    "channel_table": "channels",
    "plan_channels": "channels",
    "locate": "datasets",
    "dataset_table": "datasets",
    "subject_table": "datasets",
    "fetch_dataset": "datasets",
    "read_header": "recording",
    "read_recording": "recording",
    "iter_blocks": "recording",
    "night_id": "recording",
    "check_labels": "recording",
    "read_scoring": "scoring",
    "read_hypnogram": "scoring",
    "read_events": "scoring",
    "align_hypnogram": "scoring",
    "align_scoring": "scoring",
    "write_hypnogram": "scoring",
    "write_events": "scoring",
    "simulate_night": "simulate",
    "write_simulated_edf": "simulate",
    "write_demo_edf": "simulate",
    "Fault": "simulate",
    "FAULTS": "simulate",
    "inject_faults": "simulate",
    "inject_scoring_fault": "simulate",
    "simulate_scorers": "simulate",
    "check_quality": "quality",
    "stage": "staging",
    "confidence": "staging",
    "compare_scorings": "agreement",
    "consensus": "agreement",
    "compare_nights": "agreement",
    "expected_agreement": "agreement",
    "FEATURES": "features",
    "epoch_features": "features",
    "find_anomalies": "anomalies",
    "plan_review": "review",
    "count_found": "review",
    "recall_curve": "review",
    "night_report": "report",
    "process_night": "flow",
    "write_results": "flow",
    "deidentify": "privacy",
    "deidentify_scoring": "privacy",
    "new_key": "privacy",
    "check_identity": "privacy",
    "rare_groups": "privacy",
    "check_computer": "doctor",
}
_MODULES = frozenset({*_HOME.values(), "cohort", "exercises", "norms", "plotting", "provenance"})

__all__ = ["__version__", *_HOME, *sorted(_MODULES)]  # all are strings


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"sleeplab.{name}")
    if name in _HOME:
        return getattr(importlib.import_module(f"sleeplab.{_HOME[name]}"), name)
    msg = f"module 'sleeplab' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return __all__
