"""Marking: hand-ins that are good, wrong or hostile, and what the class then sees."""

import csv
import io
import json
import re
import socket
import textwrap
import time
import zipfile

import nbformat
import pandas as pd
import psutil
import pytest

from sleeplab.cli import main
from sleeplab.exercises import Exercise, _handin, _pages, _sandbox
from sleeplab.exercises._catalogue import Lesson
from sleeplab.exercises._handin import read_handins

CHECKS = """
from sleeplab.exercises import Exercise, Mistake, Text
T = Text("hint", "indice")
EXERCISES = [
    Exercise("99-1", answer=lambda seed: seed * 2, hints=[T, T, T],
             mistakes=[Mistake("square", lambda seed: seed**2, Text("squared <b>.", "au carré."))]),
    Exercise("99-2", answer=lambda: "N3", hints=[T, T, T], mistakes=[]),
]
"""
TRAINEE = "bcdfghjk"


def notebook(first="double = seed * 2", second="stage = 'N3'", extra=""):
    cells = [
        nbformat.v4.new_code_cell("seed: int = 5  # any number", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(f'{first}\n\ncheck("99-1", double)'),
        nbformat.v4.new_code_cell(textwrap.dedent(extra)),
        nbformat.v4.new_code_cell(f'{second}\n\ncheck("99-2", stage)'),
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells, metadata=kernel))


def zipped(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def progress(trainee=TRAINEE, *events):
    first = {"at_s": 0, "event": "trainee", "trainee": trainee}
    return "".join(json.dumps(event) + "\n" for event in (first, *events))


@pytest.fixture
def course(tmp_path, monkeypatch):
    folder = tmp_path / "exercises"
    for name in ("checks", "originals", "hidden", "solutions"):
        (folder / name).mkdir(parents=True)
    (folder / "checks/lesson_99.py").write_text(CHECKS, encoding="utf-8")
    (folder / "originals/99_test.ipynb").write_text(notebook("double = ...", "stage = ..."), encoding="utf-8")
    (folder / "hidden/variants.toml").write_text("[99]\nseed = 7\n")
    monkeypatch.setenv("SLEEPLAB_EXERCISES", str(folder))
    handins = tmp_path / "handins"
    handins.mkdir()
    return handins


def test_a_hand_in_is_read_without_being_unpacked(course):
    zipped(course / "Jean Martin.zip", {"notebook.ipynb": notebook(), "progress.jsonl": progress()})
    (course / "99_kkkkkkkk.ipynb").write_text(notebook())
    (course / "notes.txt").write_text("not a hand-in")
    handins = read_handins(course)
    assert [(h.trainee, h.lesson, h.problem) for h in handins] == [
        ("kkkkkkkk", "99", ""),
        (TRAINEE, "99", ""),
    ]
    assert len(list(course.iterdir())) == 3


WIDGETS = {"application/vnd.jupyter.widget-state+json": {"state": {"a": {"model_name": "X"}}}}


def as_saved_elsewhere(text, **changed):
    """Return a notebook without the ids of its cells, and with what another editor writes."""
    plain = json.loads(text)
    for cell in plain["cells"]:
        del cell["id"]
        cell["metadata"]["vscode"] = {"languageId": "python"}
    return json.dumps({**plain, **changed})


@pytest.mark.parametrize(
    "content",
    [
        notebook().replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + notebook().encode(),
        as_saved_elsewhere(notebook(), nbformat_minor=4).encode(),
        as_saved_elsewhere(notebook()).encode(),
        as_saved_elsewhere(notebook(), nbformat_minor=2, metadata={"widgets": WIDGETS}).encode(),
    ],
    ids=["CRLF", "byte order mark", "4.4", "4.5 without ids", "widgets"],
)
def test_a_notebook_is_read_whichever_editor_saved_it(course, content):
    (course / "a.ipynb").write_bytes(content)
    (handin,) = read_handins(course)
    assert (handin.lesson, handin.problem) == ("99", "")
    assert len(handin.notebook.cells) == 4


def test_outputs_are_dropped_however_large(course):
    large = json.loads(notebook())
    large["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * 30_000_000}]
    (course / "a.ipynb").write_text(json.dumps(large))
    (handin,) = read_handins(course)
    assert len(nbformat.writes(handin.notebook)) < 5_000


@pytest.mark.parametrize("separator", ["/", "\\"])
def test_what_macos_and_jupyter_leave_beside_a_hand_in_is_passed_over(course, separator):
    members = {
        "rendu/notebook.ipynb": notebook(),
        "rendu/progress.jsonl": progress(),
        "rendu/.DS_Store": "x",
        "rendu/.ipynb_checkpoints/notebook-checkpoint.ipynb": notebook(),
        "__MACOSX/rendu/._notebook.ipynb": "x",
        "__MACOSX/rendu/._progress.jsonl": "x",
    }
    zipped(course / "a.zip", {name.replace("/", separator): text for name, text in members.items()})
    (course / "._a.zip").write_bytes(b"x")
    (course / ".DS_Store").write_bytes(b"x")
    (handin,) = read_handins(course)
    assert handin[:3] == (TRAINEE, "a.zip", "99")


def test_a_folder_per_person_is_read(course):
    (course / "Jean Martin_123").mkdir()
    zipped(course / "Jean Martin_123" / "a.zip", {"n.ipynb": notebook(), "p.jsonl": progress()})
    (handin,) = read_handins(course)
    assert (handin.trainee, handin.file) == (TRAINEE, "Jean Martin_123/a.zip")


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"../../evil.ipynb": "{}"}, "leads out of its folder"),
        ({"a/../../evil.txt": "", "notebook.ipynb": "{}"}, "leads out of its folder"),
        ({"/etc/evil": "", "notebook.ipynb": "{}"}, "leads out of its folder"),
        ({"C:\\evil.ipynb": "{}"}, "leads out of its folder"),
        ({"..\\evil.ipynb": "{}"}, "leads out of its folder"),
        ({"notebook.ipynb": "0" * (_handin.LARGEST_BYTES + 1)}, "at most 50 files and 100 MB"),
        ({f"{n}.txt": "" for n in range(51)}, "at most 50 files"),
        ({"readme.txt": "none here"}, "one .ipynb file, and it holds 0"),
        ({"a.ipynb": "{}", "b.ipynb": "{}"}, "one .ipynb file, and it holds 2"),
        ({"notebook.ipynb": "no json"}, "not a Jupyter notebook"),
        ({"notebook.ipynb": "[" * 100_000}, "not a Jupyter notebook"),
        ({"notebook.ipynb": '{"cells": 3}'}, "not a Jupyter notebook"),
        ({"notebook.ipynb": nbformat.writes(nbformat.v4.new_notebook())}, "no exercise"),
    ],
)
def test_a_bad_zip_is_reported_and_the_others_go_on(course, members, says):
    zipped(course / "Anne Dupont.zip", members)
    zipped(course / "good.zip", {"notebook.ipynb": notebook()})
    bad, good = read_handins(course)
    assert says in bad.problem
    assert bad.trainee == "file-1"
    assert good.problem == ""


def test_what_is_no_zip_and_a_pseudonym_that_is_none_are_not_trusted(course):
    (course / "a.zip").write_bytes(b"PK\3\4 but no more")
    zipped(course / "b.zip", {"notebook.ipynb": notebook(), "progress.jsonl": progress("../../etc")})
    broken, unnamed = read_handins(course)
    assert "damaged, locked or none" in broken.problem
    assert unnamed.trainee == "file-2"


def test_two_hand_ins_of_one_trainee_are_both_kept(course):
    for name in ("a", "b"):
        zipped(course / f"{name}.zip", {"notebook.ipynb": notebook(), "progress.jsonl": progress()})
    assert [handin.trainee for handin in read_handins(course)] == [TRAINEE, f"{TRAINEE}-2"]


def test_what_is_wrong_with_a_hand_in_is_told_in_french(course, monkeypatch):
    monkeypatch.setenv("SLEEPLAB_LANG", "fr")
    zipped(course / "a.zip", {})
    (handin,) = read_handins(course)
    assert handin.problem == "le zip doit contenir un fichier .ipynb, et il en contient 0"


def test_who_hands_in_no_log_does_not_count_in_the_median_of_minutes(tmp_path):
    row = {"lesson": "99", "exercise": "99-1", "outcome": "passed", "mistake": "", "hints": 0, "note": ""}
    minutes = {"bbbbbbbb": 3.0, "cccccccc": 5.0, "file-3": 0.0, "file-4": 0.0}
    grades = pd.DataFrame([{**row, "trainee": name, "minutes": spent} for name, spent in minutes.items()])
    lesson = Lesson({"99-1": Exercise("99-1", lambda: 1, (), ())}, {})
    _pages.write_pages(grades, [lesson], tmp_path)
    page = (tmp_path / "class.html").read_text(encoding="utf-8")
    assert "Lesson 99: median 4 min" in page
    assert '<td class="n">4.0</td>' in page


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="searched for hand-ins"):
        read_handins(tmp_path)


def test_time_and_memory_are_limited(tmp_path):
    began = time.monotonic()
    assert _sandbox.run_limited(["-c", "while True: pass"], tmp_path, {}, _sandbox.Limits(1.0, 1.0)) == "time"
    hog = "hog = []\nwhile True: hog.append(b'1' * 10**7)"
    assert _sandbox.run_limited(["-c", hog], tmp_path, {}, _sandbox.Limits(30.0, 0.3)) in ("memory", "crash")
    assert _sandbox.run_limited(["-c", "1 / 0"], tmp_path, {}, _sandbox.Limits()) == "crash"
    assert time.monotonic() - began < 30


def test_what_was_started_does_not_live_on(tmp_path):
    marker = f"sleep-{time.monotonic_ns()}"
    orphan = f"import time, sys\nsys.argv.append({marker!r})\ntime.sleep(600)"
    start = f"subprocess.Popen([sys.executable, '-c', {orphan!r}], start_new_session=True)"
    code = f"import subprocess, sys\n{start}"
    arguments = ["-c", code + "\nimport time; time.sleep(600)"]
    assert _sandbox.run_limited(arguments, tmp_path, {}, _sandbox.Limits(1.5)) == "time"
    time.sleep(0.3)
    lines = [" ".join(one.info["cmdline"] or []) for one in psutil.process_iter(["cmdline"])]
    assert not [line for line in lines if marker in line]


@pytest.mark.skipif(not _sandbox.isolation(), reason="this system cannot take the network away")
def test_there_is_no_network_and_the_environment_is_bare(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "1234")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"""
        import os, socket, sys
        try:
            socket.create_connection(("127.0.0.1", {port}), timeout=2)
        except OSError:
            sys.exit("SECRET_KEY" in os.environ or os.environ["HOME"] != os.getcwd())
        sys.exit(1)
        """
        assert _sandbox.run_limited(["-c", textwrap.dedent(code)], tmp_path, {}, _sandbox.Limits(20)) == ""


@pytest.mark.slow
def test_a_class_is_graded_in_one_command(course, tmp_path, capsys):
    wrong = {"at_s": 60, "event": "check", "exercise": "99-1", "outcome": "wrong", "key": "square"}
    hint = {"at_s": 120, "event": "hint", "exercise": "99-1"}
    hostile = "import sys\nwhile True: sys.stdout.write('x' * 100_000)"
    class_ = {
        "bbbbbbbb": notebook(),
        "cccccccc": notebook("double = seed ** 2", "stage = 'N2'"),
        "dddddddd": notebook("double = 10"),
        "ffffffff": notebook(
            "double = 1 / 0", extra="check('99-2', rejoin('99-2'))", second="stage = rejoin('99-2')"
        ),
        "gggggggg": notebook(extra=hostile),
        "hhhhhhhh": notebook("double = ...").replace('check(\\"99-2\\", stage)', ""),
    }
    for trainee, text in class_.items():
        zipped(course / f"{trainee}.zip", {"n.ipynb": text, "p.jsonl": progress(trainee, wrong, hint)})
    zipped(course / "z.zip", {"../climb.ipynb": "{}"})
    out = tmp_path / "out"
    assert main(["exercises", "grade", str(course), "--out", str(out), "--seconds", "60"]) == 0
    rows = list(csv.DictReader(io.StringIO((out / "grades.csv").read_text(encoding="utf-8"))))
    found = {(row["trainee"], row["exercise"]): (row["outcome"], row["mistake"]) for row in rows}
    assert found["bbbbbbbb", "99-1"] == ("passed", "")
    assert found["cccccccc", "99-1"] == ("wrong", "square")
    assert found["cccccccc", "99-2"] == ("wrong", "")
    assert found["dddddddd", "99-1"] == ("one night only", "")
    assert found["ffffffff", "99-1"] == ("raised", "")
    assert found["ffffffff", "99-2"] == ("helped", "")
    assert found["gggggggg", "99-1"] == ("passed", "")
    assert found["gggggggg", "99-2"] == ("not reached", "")
    assert found["hhhhhhhh", "99-1"] == ("not attempted", "")
    assert found["hhhhhhhh", "99-2"] == ("missing", "")
    assert found["file-7", ""] == ("", "")
    assert {row["hints"] for row in rows if row["exercise"] == "99-1"} == {"1"}
    assert {row["minutes"] for row in rows if row["exercise"] == "99-1"} == {"2.0"}
    page = (out / "class.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    assert not re.search(r"https?://|<script", page)
    assert "squared &lt;b&gt;." in page
    feedback = (out / "feedback" / "cccccccc.html").read_text(encoding="utf-8")
    assert "wrong, because squared &lt;b&gt;." in feedback
    assert len(list((out / "feedback").glob("*.html"))) == 7
    assert "z.zip" in capsys.readouterr().out


@pytest.mark.slow
def test_an_endless_loop_is_reported_and_the_rest_is_marked(course, tmp_path):
    zipped(course / "b.zip", {"n.ipynb": notebook(extra="while True: pass"), "p.jsonl": progress()})
    out = tmp_path / "out"
    assert main(["exercises", "grade", str(course), "--out", str(out), "--seconds", "200"]) == 0
    rows = list(csv.DictReader(io.StringIO((out / "grades.csv").read_text(encoding="utf-8"))))
    assert {row["exercise"]: row["outcome"] for row in rows} == {"99-1": "passed", "99-2": "passed"}
    assert all("a cell ran longer than a minute and was stopped" in row["note"] for row in rows)
