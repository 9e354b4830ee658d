"""A small course of our own for the tests of this room, with a secret that everybody knows."""
from tinyfm.cli import main

SECRET = "a secret that everybody knows"
DOUBLE = '''"""Twice as much

Return RATE x.
"""
import numpy as np

RATE = 2.0  # VARIANT 2.0 3.0 5.0 7.0 11.0 13.0 17.0 19.0


def double(x):
    """RATE x"""
    # BEGIN SOLUTION
    return np.multiply(x, RATE)
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, normal

minutes = 5
hints = ["Add it.", "x + x", "return ..."]
after = "Twice is twice."


@check(points=2)
def doubles_a_row(student, rng): agree(student.double, lambda x: x * RATE, normal(rng, 3))


@check(points=3, hidden=True)
def doubles_a_table(student, rng): agree(student.double, lambda x: x * RATE, normal(rng, 2, 5))


mistakes = {"That is the square": "return x * x"}
'''
BEST = "    return np.multiply(x, RATE)"


def course(folder, variants=True):
    """One exercise: 2 points that are seen, 3 that are hidden."""
    (folder / "01_first").mkdir(parents=True)
    (folder / "01_first" / "01_double.py").write_text(DOUBLE)
    (folder / "course.toml").write_text(f'title = "Small"\nvariants = {str(variants).lower()}\n')
    (folder / ".secret").write_text(SECRET + "\n")
    return folder


def hand_in(folder, student, code, stub):
    """A submission: the stub with this code in it."""
    path = folder / student / "01_first" / "01_double.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(stub.split("    # YOUR CODE HERE")[0] + code + "\n")
    return path


def told(capsys, *words):
    """(exit code, what a command prints)."""
    capsys.readouterr()
    try: code = main(["course", *map(str, words)])
    except SystemExit as leaving: code = leaving.code
    out, err = capsys.readouterr()
    return code, out + err
