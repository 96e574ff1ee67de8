"""run.py: which Python, an environment is reused, an interrupted one repaired, a failure explained."""

import ast
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Load run.py as a module that believes to stand in an empty project."""
    spec = importlib.util.spec_from_file_location("run", ROOT / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "requirements.lock").write_text("nothing==1\n")
    (tmp_path / "pyproject.toml").write_text("")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "LOCK", tmp_path / "requirements.lock")
    return module


def make_by_hand(run: ModuleType, monkeypatch: pytest.MonkeyPatch, *, fail_at: str = "") -> list[str]:
    """Replace the slow commands by ones that leave a Python behind; return the list of what was run."""
    done: list[str] = []

    def fake(command: list[str], _log: Path, what: str) -> None:
        done.append(what.split()[0] + " " + what.split()[1])
        if fail_at and fail_at in what:
            raise KeyboardInterrupt
        if "venv" in command:
            program = run.environment_python(Path(command[-1]))
            program.parent.mkdir(parents=True, exist_ok=True)
            program.symlink_to(sys.executable)

    monkeypatch.setattr(run, "run_logged", fake)
    return done


ALL = ["making the", "installing the", "installing sleeplab", "checking the"]


@pytest.mark.parametrize(
    ("version", "ok"),
    [((3, 10, 9), False), ((3, 11, 0), True), ((3, 13, 5), True), ((3, 14, 0), False), ((2, 7, 18), False)],
)
def test_python_version_is_named(run: ModuleType, version: tuple[int, int, int], ok: bool) -> None:  # noqa: FBT001
    message = run.check_python(version)
    assert (message == "") is ok
    if not ok:
        assert f"this is Python {version[0]}.{version[1]}" in message
        assert "3.11 to 3.13" in message


def test_old_pythons_can_read_the_file() -> None:
    ast.parse((ROOT / "run.py").read_text(encoding="utf-8"), feature_version=(3, 6))
    (ROOT / "run.py").read_bytes().decode("ascii")


def test_environment_is_made_once(run: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = make_by_hand(run, monkeypatch)
    assert run.prepare_environment(tmp_path / "env") > 0
    assert done == ALL
    assert run.prepare_environment(tmp_path / "env") == 0
    assert done == ALL


@pytest.mark.parametrize("at", ["pinned", "sleeplab", "checking"])
def test_interrupted_set_up_is_repaired(
    run: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    make_by_hand(run, monkeypatch, fail_at=at)
    with pytest.raises(KeyboardInterrupt):
        run.prepare_environment(tmp_path / "env")
    (tmp_path / "env" / "half-written").touch()
    done = make_by_hand(run, monkeypatch)
    run.prepare_environment(tmp_path / "env")
    assert done == ALL
    assert not (tmp_path / "env" / "half-written").exists()


def test_changed_lock_is_installed_into_the_same_environment(
    run: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = make_by_hand(run, monkeypatch)
    run.prepare_environment(tmp_path / "env")
    (tmp_path / "requirements.lock").write_text("nothing==2\n")
    done.clear()
    run.prepare_environment(tmp_path / "env")
    assert done == ALL[1:]


def test_moved_environment_is_made_anew(
    run: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = make_by_hand(run, monkeypatch)
    run.prepare_environment(tmp_path / "env")
    state = tmp_path / "env" / run.STATE
    state.write_text(state.read_text().replace(str(tmp_path), "elsewhere"))
    done.clear()
    run.prepare_environment(tmp_path / "env")
    assert done == ALL


def test_failure_shows_its_last_lines(run: ModuleType, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('no space left'); raise SystemExit(3)"]
    with pytest.raises(
        run.SetupError, match=r"installing failed \(exit code 3\)[\s\S]*no space left[\s\S]*--wheels"
    ):
        run.run_logged(command, tmp_path / "log", "installing")


@pytest.mark.parametrize(
    ("system", "root", "says"),
    [("nt", "C:\\" + "x" * 88, "has 91 char"), ("nt", "C:\\lab", ""), ("posix", "/" * 200, "")],
)
def test_a_folder_too_deep_for_windows_is_told(run: ModuleType, system: str, root: str, says: str) -> None:
    advice = run.path_advice(system, root)
    assert says in advice
    assert bool(says) == bool(advice)


def test_unknown_command_is_refused(run: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        run.main(["paint"])
    assert "choose from" in capsys.readouterr().err
    assert run.main(["wheels"]) == 2
    assert "python run.py wheels FOLDER" in capsys.readouterr().err


def test_lock_file_pins_with_hashes_and_names_no_address() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) > 100
    assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)
    assert "://" not in text
