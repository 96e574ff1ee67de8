"""What the tests of the lessons share."""

import sys
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
sys.path.insert(0, str(NOTEBOOKS))  # build.py and anatomy.py are scripts beside the lessons, not a package


@pytest.fixture(scope="session")
def notebooks() -> Path:
    """Folder of the built lessons."""
    return NOTEBOOKS
