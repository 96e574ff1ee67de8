"""Benchmarks keep their form: `--quick` runs and its last line is JSON. Their numbers are not tested."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.mark.slow
def test_reading_prints_a_table_and_json():
    command = [sys.executable, BENCHMARKS / "reading.py", "--quick"]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    figures = json.loads(run.stdout.splitlines()[-1])
    for night in ("mixed_rates_18_channels", "one_rate_13_channels"):
        assert {"mne", "sleeplab", "times_faster", "times_less_memory"} <= set(figures[night])
        for reader in ("mne", "sleeplab"):
            assert figures[night][reader]["n_times"] == 120000
            assert figures[night][reader]["worst_error_uv"] < figures["tolerance_uv"]
