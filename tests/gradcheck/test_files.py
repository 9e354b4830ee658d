"""Files of a student: pairs found by name, inputs found or guessed, clear words when there is nothing."""
import pytest

from tinyfm.cli import main
from tinyfm.gradcheck.files import check_file

SOURCE = '''
import numpy as np

def sigmoid(x): return 1 / (1 + np.exp(-x))
def sigmoid_backward(g, x): return g * sigmoid(x) * (1 - sigmoid(x))

def scale_forward(x, s): return x * s
def scale_backward(g, x, s): return g * s, g * x
scale_inputs = (7, 5), (5,)
'''


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "homework.py"
    path.write_text(SOURCE)
    return str(path)


def test_every_pair_is_found_and_judged(file):
    reports = {r.name: r for r in check_file(file)}
    assert reports["sigmoid"].ok and [f.kind for f in reports["scale"].findings] == ["not-summed-over-broadcast"]


def test_one_pair_can_be_named(file):
    for name in (":sigmoid", ":sigmoid_backward"): assert [r.name for r in check_file(file + name)] == ["sigmoid"]


def test_what_is_missing_is_said(file, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.py: there is no such file"):
        check_file(str(tmp_path / "nowhere.py"))
    with pytest.raises(LookupError, match="no pair of functions to check called 'softmax'"):
        check_file(file + ":softmax")
    (tmp_path / "broken.py").write_text("import nothing_of_that_name")
    with pytest.raises(ImportError, match="nothing_of_that_name"): check_file(str(tmp_path / "broken.py"))


def test_the_command_line_judges_a_file_and_the_table(file, tmp_path, capsys):
    assert main(["check", file]) == 1 and "not-summed-over-broadcast" in capsys.readouterr().out
    assert main(["check", file + ":sigmoid"]) == 0
    assert main(["check", str(tmp_path / "nowhere.py")]) == 2
    assert "there is no such file" in capsys.readouterr().err
