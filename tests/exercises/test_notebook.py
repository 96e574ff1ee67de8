"""``check``, ``hint``, ``solution`` and ``rejoin`` as a notebook calls them, and the progress they leave."""

import json

import pytest

from sleeplab import exercises
from sleeplab.exercises import _catalogue, _progress, _session
from sleeplab.exercises._catalogue import UnknownExerciseError

CHECKS = """
from sleeplab.exercises import Exercise, Mistake, Text
EXERCISES = [Exercise("99-1", answer=lambda n_epochs: n_epochs / 2,
    hints=[Text("one", "un"), Text("two", "deux"), Text("three", "trois")],
    mistakes=[Mistake("epochs", lambda right: right * 2, Text("these are epochs.", "ce sont des époques."))])]
"""
n_epochs = 960  # a name of the lesson


@pytest.fixture(autouse=True)
def course(tmp_path, monkeypatch, own_progress):
    """Make a course of one lesson with one exercise."""
    folder = tmp_path / "exercises"
    (folder / "checks").mkdir(parents=True)
    (folder / "solutions").mkdir()
    (folder / "checks" / "lesson_99.py").write_text(CHECKS, encoding="utf-8")
    cell = {
        "cell_type": "code",
        "metadata": {"exercise": "99-1"},
        "source": "hours = 8  # given\nminutes = 480",
    }
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "solutions" / "99_test.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    monkeypatch.setenv("SLEEPLAB_EXERCISES", str(folder))
    monkeypatch.delenv("SLEEPLAB_LANG", raising=False)
    monkeypatch.setattr(_session, "_current", _session.Session())
    return folder


def said(capsys):
    return capsys.readouterr().out


def test_a_check_says_in_one_line_what_is_so(capsys):
    exercises.check("99-1", ...)
    assert said(capsys).startswith("… 99-1 not attempted yet. Replace each ...")
    exercises.check("99-1", 960)
    assert said(capsys) == "✗ 99-1 wrong, because these are epochs.\n"
    exercises.check("99-1", 480)
    assert said(capsys) == "✓ 99-1 passed. Well done.\n"


def test_french_is_spoken_on_request(capsys, monkeypatch):
    monkeypatch.setenv("SLEEPLAB_LANG", "fr_FR.UTF-8")
    exercises.check("99-1", 960)
    assert said(capsys) == "✗ 99-1 faux : ce sont des époques.\n"
    exercises.hint("99-1")
    assert said(capsys) == "99-1 indice 1 sur 3 : un\n"


def test_hints_come_one_after_the_other(capsys):
    for _ in range(3):
        exercises.hint("99-1")
    lines = said(capsys).splitlines()
    assert [line.rpartition(" ")[2] for line in lines[:3]] == ["one", "one", "two"]
    assert "That was the last hint" in lines[-1]


def test_the_solution_comes_after_two_tries_without_the_builders_marks(capsys):
    exercises.check("99-1", ...)
    exercises.check("99-1", 1)
    exercises.solution("99-1")
    assert "you have made 1" in said(capsys)
    exercises.check("99-1", 2)
    exercises.solution("99-1")
    assert said(capsys).endswith("hours = 8\nminutes = 480\n")


def test_rejoin_gives_the_own_answer_when_it_passed(capsys):
    exercises.check("99-1", 480.5)
    assert exercises.rejoin("99-1") == 480.5
    assert "Going on" not in said(capsys)


def test_rejoin_gives_the_reference_and_it_does_not_count_as_ones_own(capsys):
    exercises.check("99-1", 3)
    answer = exercises.rejoin("99-1")
    assert answer == 480
    assert "Going on with the reference" in said(capsys)
    exercises.check("99-1", answer)
    assert "The lesson had gone on with the reference meanwhile" in said(capsys)
    assert _session.current().events[-1]["key"] == "helped"


def test_an_answer_after_the_solution_is_told_so(capsys):
    exercises.check("99-1", 3)
    exercises.check("99-1", 4)
    exercises.solution("99-1")
    exercises.check("99-1", 480)
    assert "which you were shown before" in said(capsys)
    assert _session.current().events[-1]["key"] == "helped"


def test_a_check_without_an_answer_is_not_attempted(capsys):
    exercises.check("99-1")
    assert "99-1 not attempted yet" in said(capsys)


@pytest.mark.parametrize(("number", "says"), [("99-7", "has the exercises 99-1"), ("6", "lesson and number")])
def test_an_unknown_exercise_is_refused(number, says):
    with pytest.raises(ValueError, match=says):
        exercises.check(number, 1)


def test_an_unknown_exercise_is_told_in_french(monkeypatch):
    monkeypatch.setenv("SLEEPLAB_LANG", "fr")
    with pytest.raises(UnknownExerciseError, match="La leçon 99 a les exercices 99-1 ; reçu : '99-7'"):
        exercises.hint("99-7")


def test_an_unknown_exercise_in_a_notebook_is_one_line_and_no_try(capsys):
    try:
        exercises.check("99-7", 1)
    except UnknownExerciseError as error:
        _session._on_error(None, type(error), error, error.__traceback__)
    assert said(capsys) == "sleeplab: Lesson 99 has the exercises 99-1; got '99-7'.\n"
    assert not _session.current().events


def test_progress_that_cannot_be_written_is_told_once_and_the_exercises_answer(
    own_progress, monkeypatch, capsys
):
    def refuse(path, **event):
        raise PermissionError(13, "Permission denied")

    exercises.start("99")
    with monkeypatch.context() as patch:
        patch.setattr(_progress, "add_event", refuse)
        exercises.check("99-1", 960)
        exercises.check("99-1", 480)
        exercises.start("99")
    out = said(capsys)
    assert out.count("cannot be written on this computer") == 2
    assert "✓ 99-1 passed" in out
    exercises.start("99")
    assert "Your pseudonym is" in said(capsys)


@pytest.mark.parametrize(
    "broken", [b'{"at_s": 1, "event": "trainee"}\n', b"[" * 100_000, b"\xff\xfe{\0", b'{"at_s": 1, "ev']
)
def test_a_progress_file_that_was_damaged_is_gone_on_with(own_progress, broken, capsys):
    own_progress.write_bytes(broken)
    exercises.start("99")
    exercises.check("99-1", 480)
    assert _progress.pseudonym(own_progress) in said(capsys)
    (row,) = _progress.summary(_progress.read_events(own_progress)).to_dict("records")
    assert row["outcome"] == "passed"


def test_two_notebooks_that_begin_at_once_are_one_trainee(own_progress, monkeypatch):
    add_event = _progress.add_event

    def other_was_faster(path, **event):
        add_event(path, event="trainee", trainee="bbbbbbbb")
        add_event(path, **event)

    monkeypatch.setattr(_progress, "add_event", other_was_faster)
    assert _progress.pseudonym(own_progress) == "bbbbbbbb"


def test_progress_is_kept_only_after_start_and_holds_no_answer(own_progress, capsys):
    exercises.check("99-1", 12345.678)
    assert not own_progress.exists()
    exercises.start("99")
    exercises.check("99-1", 12345.678)
    exercises.hint("99-1")
    text = own_progress.read_text()
    assert "12345" not in text
    events = [json.loads(line)["event"] for line in text.splitlines()]
    assert events == ["trainee", "start", "check", "hint"]
    assert _progress.pseudonym(own_progress) in said(capsys)


def test_tries_and_hints_survive_a_new_kernel(monkeypatch, capsys):
    exercises.start("99")
    exercises.check("99-1", 1)
    exercises.check("99-1", 2)
    monkeypatch.setattr(_session, "_current", _session.Session())
    exercises.start("99")
    said(capsys)
    exercises.solution("99-1")
    assert "minutes = 480" in said(capsys)


def test_a_line_that_a_crash_cut_short_costs_nothing_else(own_progress):
    _progress.add_event(own_progress, event="start")
    with own_progress.open("ab") as file:
        file.write(b'{"at_s": 17, "eve')
    _progress.add_event(own_progress, event="hint", exercise="99-1")
    assert [event["event"] for event in _progress.read_events(own_progress)] == ["start", "hint"]


def test_a_passed_exercise_stays_passed_and_pauses_are_not_work():
    def check(at_s, outcome, key=""):
        return {"at_s": at_s, "event": "check", "exercise": "99-1", "outcome": outcome, "key": key}

    events = [
        check(0, "wrong", "epochs"),
        check(120, "passed"),
        check(120 + 3600, "not attempted"),
        check(3780, "wrong"),
    ]
    (row,) = _progress.summary(events).to_dict("records")
    assert (row["outcome"], row["tries"], row["mistakes"]) == ("passed", 3, ["epochs", ""])
    assert row["minutes"] == 3  # 120 s and 60 s; the hour between was a pause


def test_sealed_checks_answer_as_open_ones(course, capsys):
    content = {"99": {"checks": CHECKS, "solutions": {"99-1": "minutes = 480"}}}
    (course / "checks" / "lesson_99.py").unlink()
    (course / "solutions" / "99_test.ipynb").unlink()
    (course / "checks" / _catalogue.SEALED).write_text(_catalogue.seal(content))
    exercises.check("99-1", 960)
    exercises.check("99-1", 480)
    exercises.solution("99-1")
    out = said(capsys)
    assert "these are epochs" in out
    assert "✓ 99-1 passed" in out
    assert "minutes = 480" in out
