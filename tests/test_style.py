"""The code keeps the rules of pyproject.toml: ruff's, its format, and strict types in the package."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run(*arguments: str) -> str:
    """Run a tool of the environment on the project; return what it complains about."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_ruff_has_nothing_to_say() -> None:
    assert run("ruff", "check", "--output-format", "concise", ".") == ""


def test_the_format_is_ruffs() -> None:
    assert run("ruff", "format", "--check", ".") == ""


@pytest.mark.slow
def test_types_are_sound() -> None:
    assert run("mypy") == ""


def test_a_fault_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("import os\n")
    assert "F401" in run("ruff", "check", "--select", "F", str(tmp_path))
