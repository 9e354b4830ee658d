"""What the instructor is told after grading: shares, diagnoses in words, and which submissions are alike."""
import csv
import io
import random
import re
import xml.etree.ElementTree as ElementTree

import pytest

from tests.course.hostile.submissions import AFFINE, RIGHT, TWO
from tinyfm.cli import main
from tinyfm.course.course import opened
from tinyfm.course.grade import COLUMNS, as_csv
from tinyfm.course.page import page, totals
from tinyfm.course.report import WORDS, Report, Row, read, report, tables
from tinyfm.course.similarity import RUN, WINDOW, Pair, alike, hashes, tokens, winnowed
from tinyfm.exercises.judge import DIFFERENCES
from tinyfm.gradcheck.report import KINDS

EVIL = "<script>alert(1)</script>"
FAILED = [("not-summed-over-broadcast", "", "b: ..."), ("error", "", "raised NameError: x\n  line 3"), ("stub", "", ""),
          ("wrong-values", "The bias is left out", "1 of 3"), ("wrong-values", "", f"{EVIL} of 3")]


def graded(failing, students=10):
    """grades.csv: each student has two checks; the first ones fail the first check as told, all pass the second."""
    rows = []
    for i in range(students):
        kind, mistake, message = failing[i] if i < len(failing) else ("", "", "")
        name, bad = EVIL if i == 0 else f"-s{i}", i < len(failing)
        rows += [(name, AFFINE, "the gradient", 0 if bad else 3, 3, int(not bad), 0, kind, mistake, message, ""),
                 (name, TWO, "the total", 1, 1, 1, 1, "", "", "", "")]
    return as_csv(COLUMNS, rows)


@pytest.fixture
def course(tmp_path):
    folder = tmp_path / "course"
    for place, text in RIGHT.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(f'"""T"""\n# BEGIN SOLUTION\n{text}# END SOLUTION\n# CHECKS\n')
    (folder / "course.toml").write_text('title = "Week 1 & more"\n')
    return folder


@pytest.fixture
def found(course, tmp_path):
    (tmp_path / "grades.csv").write_text(graded(FAILED[:1] * 3 + FAILED))
    return report(opened(course), tmp_path / "grades.csv")


def test_shares_are_of_all_students_and_each_counts_once(found):
    first, second = found.checks
    assert (first.failed, first.students, first.rate, first.said) == (8, 10, 0.8, "forgot the sum over the batch")
    assert (second.failed, second.rate, second.said, second.hidden) == (0, 0, "", True)
    assert [(d.students, d.rate) for d in found.diagnoses] == [(4, 0.4)] + [(1, 0.1)] * 4
    assert found.points == 4 and sum(found.totals) == 2 * 4 + 8 * 1


def test_diagnoses_are_words(found):
    assert {d.said for d in found.diagnoses} == {"forgot the sum over the batch", "raised NameError",
                                                  "had not written it yet", "The bias is left out",
                                                  "returned other numbers"}


def test_a_diagnosis_is_worth_more_than_nothing_written():
    rows = [Row(kind, AFFINE, "c", 0, 1, False, False, kind.rstrip("123"), "", "")
            for kind in ("stub1", "stub2", "stub3", "zero")]
    assert Report("t", rows).checks[0].said == "returned zeros"
    assert Report("t", rows[:3]).checks[0].said == "had not written it yet"


def test_the_histogram_is_of_tenths():
    rows = [Row(f"{i:02d}", AFFINE, "c", i, 20, False, False, "zero", "", "") for i in range(21)]
    assert re.findall(r'text-anchor="middle">(\d+)</text>', totals(Report("t", rows))) == ["2"] * 9 + ["3"]


def test_every_kind_of_the_checker_has_words():
    assert set(KINDS) - set(WORDS) <= DIFFERENCES


def test_two_checks_of_one_exercise_count_a_student_once(course, tmp_path):
    line = ("a", AFFINE, "c", 0, 1, 0, 0, "zero", "", "", "")
    (tmp_path / "g.csv").write_text(as_csv(COLUMNS, [line, line[:2] + ("d",) + line[3:]]))
    only, = report(opened(course), tmp_path / "g.csv").diagnoses
    assert only.students == 1 and only.checks == ("c", "d")


def test_the_page_is_whole_safe_and_always_the_same(found):
    text = page(found)
    assert text == page(found) and EVIL not in text and "&lt;script&gt;" not in text        # no student's text is shown
    assert not re.search(r"(src|href|url|@import|<script|<link)", text.split("</style>")[1])
    tree = ElementTree.fromstring(re.sub(r"<!DOCTYPE html>|<meta[^>]*>", "", text))
    assert [h.text for h in tree.iter("h2")] == ["What to teach again", "What went wrong", "Submissions alike"]
    assert "40 %" in text and "forgot the sum over the batch (4 of 10)" in text and "Week 1 &amp; more" in text
    found.pairs = [Pair(EVIL, "b", 9, 0.75, (AFFINE,))]
    assert EVIL not in page(found) and "75 %" in page(found)


def test_pictures_have_a_title_axes_and_numbers_beside_the_bars(found):
    tree = ElementTree.fromstring(re.sub(r"<!DOCTYPE html>|<meta[^>]*>", "", page(found)))
    points, hard = tree.iter("svg")
    for picture in (points, hard):
        words = [t.text for t in picture.iter("text")]
        assert words[0] == picture.get("aria-label") and len([x for x in picture if x.get("class") == "axis"]) == 2
    assert "part of all points" in [t.text for t in points.iter("text")]
    assert {"students who failed, %", "80 %", "affine: the gradient"} <= {t.text for t in hard.iter("text")}
    bar, = hard.iter("rect")
    assert float(bar.get("width")) == pytest.approx(0.8 * (840 - 330))
    heights = [float(r.get("height")) for r in points.iter("rect")]
    assert heights == [0, 0, 180, 0, 0, 0, 0, 0, 0, 45]       # 8 with 1 of 4 points, 2 with all


def test_tables_are_csv_with_the_same_numbers(found):
    rows = list(csv.DictReader(io.StringIO(tables(found)["diagnoses"])))
    assert rows[0]["share"] == "0.4000" and rows[0]["diagnosis"] == "forgot the sum over the batch"
    assert tables(found).keys() == {"checks", "diagnoses"}                                  # no submissions were given


@pytest.mark.parametrize(("content", "said"), [
    (b"", "holds no grades"), (b"a,b\n1,2\n", "no column"), (b"\xff\xfe\x00", "not UTF-8"),
    ((",".join(COLUMNS) + "\na,b,c,many,1,1,0,,,,\n").encode(), "no grades.csv"),
    ((",".join(COLUMNS) + "\na,b\n").encode(), "no grades.csv")])
def test_what_is_no_grades_file_is_told_in_a_line(course, tmp_path, capsys, content, said):
    (tmp_path / "g.csv").write_bytes(content)
    assert main(["course", "report", str(course), str(tmp_path / "g.csv")]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1 and "g.csv" in error


def test_a_missing_file_is_told_in_a_line(course, tmp_path, capsys):
    assert main(["course", "report", str(course), str(tmp_path / "none.csv")]) == 2
    assert "none.csv: No such file" in capsys.readouterr().err


def test_ids_that_look_like_formulas_come_back_as_they_were(found): assert "-s1" in found.students


# ------------------------------------------------------------ alike

LONG = """
import numpy as np
def affine(x):
    total = np.zeros_like(x)
    for i in range(len(x)):
        for step in (1, 2, 3):
            total[i] += x[i] * step / (step + 0.0)
        if total[i] > 1e300: raise OverflowError("too large")
    return [t + 1 for t in total.tolist() if t is not None]
"""
RENAMED = re.sub(r"\btotal\b", "acc", LONG).replace("step", "k").replace("i]", "j]").replace(
    "for i ", "for j ").replace("2, 3", "7, 9").replace("    if acc", "\n    # mine, all mine\n    if acc")


def scattered(seed):
    """A right solution of one's own: other statements in another order."""
    rng = random.Random(seed)
    ways = ["y = x + x", "y = y + x", "y = np.sum([x, x], axis=0)", "assert x is not None", "y = -(-x)", "z = 1",
            "if x.size == 0: return x", "y, z = x, 1", "while False: pass", "y = np.where(x > 0, x, x)",
            "w = {z: x for z in 'ab'}", "y = x[...].copy()", "try: y = x\n    except ValueError: raise",
            "y = (lambda a, b: a * b)(x, 2)", "del x", "y = np.concatenate([x[:1], x[1:]])", "y @= x", "y <<= 2"]
    rng.shuffle(ways)
    return "def affine(x):\n    " + "\n    ".join(ways[:10]) + "\n"


def test_a_renamed_copy_is_found_and_nobody_else():
    works = {f"s{i}": {AFFINE: scattered(i)} for i in range(40)} | {"ann": {AFFINE: LONG}, "ben": {AFFINE: RENAMED}}
    pair, = alike(works, {})
    assert (pair.one, pair.other, pair.places) == ("ann", "ben", (AFFINE,)) and pair.share > 0.9


def test_what_the_stub_gives_and_what_all_have_counts_for_nothing():
    assert alike({"a": {AFFINE: LONG}, "b": {AFFINE: LONG}}, {AFFINE: LONG}) == []
    assert alike({f"s{i}": {AFFINE: LONG} for i in range(20)}, {}) == []
    assert len(alike({"a": {AFFINE: LONG}, "b": {AFFINE: LONG}}, {})) == 1


def test_who_copied_a_part_is_as_alike_as_who_copied_all():
    pair, = alike({"a": {AFFINE: LONG}, "b": {AFFINE: LONG + scattered(1) + scattered(2) + scattered(3)}}, {})
    assert pair.share > 0.9


def test_names_and_numbers_are_alike_and_what_follows_a_dot_is_not():
    assert tokens("y = np.sum(x, 3)  # mine") == tokens("out=mx.sum(data,7)") != tokens("y = np.prod(x, 3)")


def test_the_same_text_in_another_exercise_is_not_alike():
    assert alike({"a": {AFFINE: LONG}, "b": {TWO: LONG}}, {}) == []


def test_any_long_enough_common_run_leaves_a_common_fingerprint():
    """The promise of winnowing: RUN + WINDOW - 1 tokens in common are enough, wherever they stand."""
    rng = random.Random(0)
    for _ in range(50):
        common = [str(rng.random()) for _ in range(RUN + WINDOW - 1)]
        a, b = ([str(rng.random()) for _ in range(rng.randrange(30))] + common +
                [str(rng.random()) for _ in range(rng.randrange(30))] for _ in range(2))
        assert set(winnowed(hashes(a))) & set(winnowed(hashes(b)))


def test_a_file_that_is_no_python_has_the_shape_of_its_beginning():
    assert tokens("x = (1") == ["v", "=", "(", "0"] and tokens('"unfinished') is not None and tokens("") == []


def test_order_of_the_students_makes_no_difference():
    works = {f"s{i}": {AFFINE: LONG if i < 2 else scattered(i)} for i in range(12)}
    assert alike(works, {}) == alike(dict(reversed(works.items())), {})


def test_the_command_writes_the_page_and_its_tables(course, tmp_path, capsys):
    (tmp_path / "grades.csv").write_text(graded(FAILED))
    for name, text in (("a", LONG), ("b", RENAMED), ("c", "def affine(")):
        (tmp_path / "works" / name).mkdir(parents=True)
        (tmp_path / "works" / name / "01_affine.py").write_text(text)
    command = ["course", "report", str(course), str(tmp_path / "grades.csv"), "--submissions", str(tmp_path / "works")]
    assert main([*command, "-o", str(tmp_path / "r.html")]) == 0
    said = capsys.readouterr().out
    assert " 10%  01_function/01_affine.py: forgot the sum over the batch" in said and "alike: 1" in said
    assert {p.name for p in tmp_path.glob("r.*")} == {"r.html", "r.checks.csv", "r.diagnoses.csv", "r.similar.csv"}
    assert (tmp_path / "r.similar.csv").read_text().splitlines()[1].startswith("a,b,")
    assert len(read(tmp_path / "grades.csv")) == 20
