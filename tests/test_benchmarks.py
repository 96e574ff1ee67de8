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


@pytest.mark.slow
def test_anomalies_prints_its_tables_and_json():
    pytest.importorskip("pyod", reason="the baselines of the benchmark are not installed")
    command = [sys.executable, BENCHMARKS / "anomalies.py", "--quick"]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    figures = json.loads(run.stdout.splitlines()[-1])
    for method in ("sleeplab", "art_detect", "IForest", "ECOD", "z-score", "at random"):
        assert {"auprc", "auprc_epochs", "recall", "precision", "false_per_h"} == set(
            figures["simulated"][method]
        )
    assert {"spike", "evolving_rhythm", "electrode_off", "apnea"} <= set(figures["kinds"])
    for planted, in_ledger, in_ten_minutes, in_budget in figures["kinds"].values():
        assert planted >= 1
        assert 0 <= in_ten_minutes <= in_ledger <= 1
        assert in_budget <= in_ledger
    assert {"robust distance", "IForest", "ECOD"} <= set(figures["detectors"])
    assert {"yasa", "true"} == set(figures["clean"])


@pytest.mark.slow
def test_calibration_prints_a_table_and_json():
    command = [sys.executable, BENCHMARKS / "calibration.py", "--quick"]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=180)
    figures = json.loads(run.stdout.splitlines()[-1])["simulated nights"]
    assert figures["n"] > 200
    for side in ("before", "after"):
        assert 0.2 <= figures[side]["confidence"] <= 1
        assert 0 <= figures[side]["ece"] <= 1
    assert {"accuracy_inside", "kappa_inside"} <= set(figures["expected"])


@pytest.mark.slow
def test_agreement_prints_tables_and_json(shared_data):
    shared_data("dod")
    command = [sys.executable, BENCHMARKS / "agreement.py", "--quick"]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=180)
    figures = json.loads(run.stdout.splitlines()[-1])
    for name in ("dodh", "dodo"):
        assert {"soft", "f1", "published_f1", "kappa_pairs"} <= set(figures[name])
    assert figures["audit"]["clock 10 epochs late"].keys() >= {"rows", "whole_file", "recall", "precision"}


@pytest.mark.slow
def test_architecture_prints_a_table_and_json():
    command = [sys.executable, BENCHMARKS / "architecture.py", "--quick"]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=240)
    figures = json.loads(run.stdout.splitlines()[-1])
    assert {"sleeplab, cohort reference", "sum of squared z of nine"} <= set(figures["auroc"])
    assert all(0 <= auroc <= 1 for auroc in figures["auroc"].values())
    assert (figures["n_healthy"], figures["n_apnea"]) == (8, 8)
    assert "46" in run.stdout  # the caveat about age


@pytest.mark.slow
def test_staging_prints_a_table_and_json():
    command = [sys.executable, BENCHMARKS / "staging.py", "--quick"]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    figures = json.loads(run.stdout.splitlines()[-1])
    assert {"cold_s", "warm_s", "peak_mb"} <= set(figures["yasa"]) & set(figures["sleeplab"])
    assert {"cold_s", "warm_s", "peak_mb"} <= set(figures["ratios"])
    assert figures["floor"]["peak_mb"] > 0
    assert figures["same_stages"] > 0.95


@pytest.mark.slow
def test_faults_prints_its_tables_and_json():
    command = [sys.executable, BENCHMARKS / "faults.py", "--quick"]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    rows = json.loads(run.stdout.splitlines()[-1])["faults"]
    assert {(row["stager"], row["unfit_staged mean"] > 50) for row in rows} == {
        ("yasa", True),
        ("sleeplab", False),
    }


@pytest.mark.slow
def test_cohort_prints_a_table_and_json():
    pytest.importorskip("distributed", reason="the extra packages for cohorts are not installed")
    command = [sys.executable, BENCHMARKS / "cohort.py", "--quick"]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    figures = json.loads(run.stdout.splitlines()[-1])
    for name in ("plain_stages", "workers_1", "workers_2"):
        assert {"seconds_per_night", "cpu_s", "nights_per_hour", "first_night_s"} <= set(figures[name])
    assert {"scaling_of_2_workers", "times_faster_per_core"} <= set(figures)
