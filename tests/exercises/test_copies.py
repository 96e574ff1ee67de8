"""Fresh copies, hand-ins and the learners' archive."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sleeplab.cli import main
from sleeplab.exercises import _copies, _progress
from sleeplab.exercises._catalogue import load_lesson, unseal
from sleeplab.privacy import check_identity

ROOT = Path(__file__).parents[2]
ORIGINAL = ROOT / "exercises/originals/01_load_a_recording.ipynb"


@pytest.fixture
def course(tmp_path, monkeypatch, own_progress):
    folder = tmp_path / "project" / "exercises"
    for name in ("checks", "originals"):
        shutil.copytree(
            ROOT / "exercises" / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ORIGINAL, folder)
    monkeypatch.setenv("SLEEPLAB_EXERCISES", str(folder))
    monkeypatch.setattr("getpass.getuser", lambda: "mdupont")
    return folder


def test_reset_makes_a_copy_beside_and_touches_nothing(course, capsys):
    worked = course / ORIGINAL.name
    worked.write_text("my work")
    assert main(["exercises", "reset", "01"]) == 0
    assert main(["exercises", "reset", "01"]) == 0
    assert worked.read_text() == "my work"
    fresh = [course / f"{ORIGINAL.stem}_{n}.ipynb" for n in (2, 3)]
    assert [path.read_bytes() for path in fresh] == [ORIGINAL.read_bytes()] * 2
    assert "the old one stays" in capsys.readouterr().out


@pytest.mark.parametrize("lesson", ["77", "../01", ""])
def test_an_unknown_lesson_is_refused(course, lesson):
    with pytest.raises(FileNotFoundError, match="The lessons with exercises: 00, 01"):
        _copies.reset(lesson)


def edited(course, **changes):
    notebook = json.loads(ORIGINAL.read_text(encoding="utf-8"))
    cell = notebook["cells"][-1]
    cell.update({"cell_type": "code", "execution_count": 3, "outputs": [], "source": "", **changes})
    (course / ORIGINAL.name).write_text(json.dumps(notebook), encoding="utf-8")


def test_a_hand_in_holds_notebook_and_progress_of_the_lesson_and_no_outputs(course, own_progress):
    for number in ("01-1", "02-1"):
        _progress.add_event(own_progress, event="hint", exercise=number)
    output = {"output_type": "stream", "name": "stdout", "text": "/home/mdupont/night.edf"}
    edited(course, outputs=[output], metadata={"name": "mdupont"})
    path = _copies.submit("01")
    trainee = _progress.pseudonym(own_progress)
    assert path.name == f"01_{trainee}.zip"
    with zipfile.ZipFile(path) as archive:
        assert sorted(archive.namelist()) == ["notebook.ipynb", "progress.jsonl"]
        content = {name: archive.read(name) for name in archive.namelist()}
        assert {info.date_time[0] for info in archive.infolist()} == {1980}
    assert b"mdupont" not in b"".join(content.values())
    events = [json.loads(line) for line in content["progress.jsonl"].splitlines()]
    assert [event.get("exercise") for event in events] == [None, "01-1"]
    assert events[0]["trainee"] == trainee


@pytest.mark.parametrize(
    ("source", "kind"),
    [("path = 'C:/Users/mdupont/night.edf'", "the name of your account"), ("# born 12/03/1961", "date")],
)
def test_a_hand_in_that_tells_who_one_is_is_refused(course, source, kind):
    edited(course, source=source)
    with pytest.raises(ValueError, match=f"there is: .*{kind}"):
        _copies.submit("01")
    assert not list(course.parent.rglob("*.zip"))


@pytest.mark.parametrize(("user", "code"), [("Bruno", "'simulated:bruno'"), ("abs", "size = abs(-2)")])
def test_the_name_of_an_account_that_is_a_word_of_the_course_is_no_name(course, monkeypatch, user, code):
    monkeypatch.setattr(_copies.getpass, "getuser", lambda: user)
    original = course / "originals" / ORIGINAL.name
    original.write_text(original.read_text().replace("simulated:nap", "simulated:bruno"))
    edited(course, source=code)
    assert _copies.submit("01").exists()


def test_a_notebook_that_is_not_there_is_told(course):
    with pytest.raises(FileNotFoundError, match=r"there is no notebook at nowhere\.ipynb"):
        _copies.submit("01", notebook="nowhere.ipynb")


def test_every_original_passes_the_identity_check():
    assert len(check_identity(sorted(ORIGINAL.parent.glob("*.ipynb")))) == 0


def test_the_copy_saved_last_is_handed_in(course):
    fresh = _copies.reset("01")
    fresh.write_text(
        fresh.read_text(encoding="utf-8").replace("eeg_mb = ...", "eeg_mb = 4321"), encoding="utf-8"
    )
    with zipfile.ZipFile(_copies.submit("01")) as archive:
        assert b"4321" in archive.read("notebook.ipynb")


def test_a_fresh_copy_is_not_handed_in_instead_of_the_work(course, capsys):
    edited(course, source="my_work = 4321")
    _copies.reset("01")
    assert main(["exercises", "submit", "01"]) == 0
    assert f"In it is {course / ORIGINAL.name}" in capsys.readouterr().out


def test_what_is_no_notebook_is_not_handed_in(course):
    (course / ORIGINAL.name).write_text("{}")
    with pytest.raises(ValueError, match="a Jupyter notebook is expected"):
        _copies.submit("01")


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLEEPLAB_EXERCISES", str(ROOT / "exercises"))
        return _copies.pack(tmp_path_factory.mktemp("pack"))


def test_the_archive_holds_no_answer_in_sight(archive):
    with zipfile.ZipFile(archive) as packed:
        names = packed.namelist()
        text = {name: packed.read(name).decode("utf-8", errors="replace") for name in names}
    places = {name.split("/")[1] for name in names}
    assert places <= {*(place.split("/")[0] for place in _copies.PACKED), "exercises"}
    exercises = [name for name in names if name.startswith("sleeplab/exercises/")]
    assert not [
        name for name in exercises if "solutions" in name or "hidden" in name or name.endswith((".py", ".md"))
    ]
    assert "sleeplab/exercises/originals/01_load_a_recording.ipynb" in names
    for answer in ("256 * eight_hours_s", "256 * 8 * 3600 * 2", "bytes for megabytes", ">= of_deep / 2).sum"):
        assert not [name for name in names if answer in text[name]], answer


def test_the_sealed_checks_hold_every_lesson_and_no_hidden_variant(archive):
    with zipfile.ZipFile(archive) as packed:
        content = unseal(packed.read("sleeplab/exercises/checks/sealed.txt").decode())
    assert sorted(content) == sorted(
        p.stem.removeprefix("lesson_") for p in (ROOT / "exercises/checks").glob("lesson_*.py")
    )
    for lesson, parts in content.items():
        assert list(parts["solutions"]) == list(load_lesson(lesson, ROOT / "exercises").exercises)
    assert "variants" not in str(content)


def test_checks_answer_from_the_archive(archive, tmp_path):
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path)  # our own archive
    code = (
        "import sleeplab, pathlib\n"
        "assert pathlib.Path(sleeplab.__file__).is_relative_to(pathlib.Path.cwd())\n"
        "from sleeplab.exercises import check, rejoin, solution\n"
        "check('01-1', 14745600); check('01-1', 14.7); check('01-1', ...); solution('01-1')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "sleeplab", capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(tmp_path / "sleeplab"), "PATH": "", "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert "these are bytes" in done.stdout
    assert "✓ 01-1 passed" in done.stdout
    assert "eeg_mb = 256 * eight_hours_s * 2 / 1e6" in done.stdout


def test_status_counts_what_was_done(course, own_progress, capsys):
    assert main(["exercises", "status"]) == 0
    assert "Nothing is done yet" in capsys.readouterr().out
    _progress.add_event(own_progress, event="check", exercise="01-1", outcome="wrong", key="bits")
    assert main(["exercises", "status"]) == 0
    out = capsys.readouterr().out
    assert "01-1" in out
    assert "bits" in out
