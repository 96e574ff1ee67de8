"""What the tests of the exercises share."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "notebooks"))  # learner.py is a script beside the lessons, not a package


@pytest.fixture
def own_progress(tmp_path, monkeypatch):
    """Keep the progress in a folder of the test."""
    path = tmp_path / "progress.jsonl"
    monkeypatch.setenv("SLEEPLAB_PROGRESS", str(path))
    return path
