"""Every exercise: its stub fails, its solution passes; and its wrong versions are caught."""
import re

import numpy as np
import pytest

from tinyfm.exercises.exercise import CATALOGUE, Exercise, ExerciseError, catalogue, emptied, load, plain, varied
from tinyfm.exercises.judge import generator, judge
from tinyfm.exercises.mutants import mutants
from tinyfm.exercises.prove import facts, prove, row
from tinyfm.exercises.runner import Child, Local

FILES = sorted(CATALOGUE.glob("*/*.py"))
EVERY = [f"{path.parent.name}/{path.name}" for path in FILES]
LAST = {place.split("/")[0]: place for place in EVERY}
PROOF = (CATALOGUE.parents[2] / "tutorials" / "mutation_scores.md").read_text("utf-8")
SAMPLE = ["06_engine/01_backward_walk.py", "02_chain_rule/02_question_saturation.py"]


def exercise(place): return load(CATALOGUE / place)


@pytest.mark.parametrize("place", SAMPLE)
def test_the_proof_holds_for_two_of_them(place):
    proof = prove(exercise(place))
    assert proof.ok and proof.mutants > 9 and proof.score == 1, (proof.problems, proof.survivors)


@pytest.mark.slow
@pytest.mark.parametrize("place", EVERY)
def test_the_stub_fails_and_the_solution_passes(place):
    proof = prove(exercise(place), with_mutants=False)
    assert proof.stub_fails and proof.solution_passes and not proof.problems, proof.problems


@pytest.mark.slow
@pytest.mark.parametrize("place", LAST.values(), ids=LAST)
def test_the_table_is_true(place):
    """For the last of each topic; and for those that have changed run `tinyfm course check --all --page ...`."""
    proof = prove(exercise(place))
    assert row(proof) in PROOF and proof.ok and not proof.unnamed, (proof.problems, proof.survivors, proof.unnamed)


def test_the_table_has_every_exercise():
    named = re.findall(r"^\| (\w+)/(\w+) \| (\d+) \|", PROOF, re.M)
    assert named == [(e.topic[3:], e.name, str(e.minutes)) for e in catalogue()]
    assert all(float(score) >= 95 for score in re.findall(r"([\d.]+)% \|", PROOF))


def test_every_topic_lists_its_usual_mistakes_and_names_them():
    """The slow test above proves the share again for the last exercise of each topic."""
    found = re.findall(r"^\| (\w+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| [\d.]+% \|", PROOF, re.M)
    listed = {}
    for e in catalogue(): listed[e.topic[3:]] = listed.get(e.topic[3:], 0) + len(e.mistakes)
    assert {topic: int(count) for topic, count, *_ in found} == listed and min(listed.values()) >= 10
    assert all(int(count) == int(own) + int(kind) and bare == "0" for _, count, own, kind, bare in found)


def test_names_are_unique_and_nothing_needs_a_later_one():
    names = [e.name for e in catalogue()]
    assert len(set(names)) == len(names)
    for i, e in enumerate(catalogue()): assert set(e.requires) <= set(names[:i]), e.name


@pytest.mark.parametrize("place", EVERY)
def test_an_exercise_reads_well(place):
    e = exercise(place)
    assert e.stub.isascii() and max(map(len, e.stub.split("\n"))) <= 120
    assert re.search(r"NotImplementedError", e.stub) or "# INSTEAD" in e.key
    assert e.statement and len(e.hints) == 3 and e.after and 5 <= e.minutes <= 30 and "VARIANT" not in e.stub
    compile(e.stub, place, "exec")


@pytest.mark.parametrize(("answer", "said"), [
    ("return max(w @ x + b, 0)", ""),                                     # a plain 0 is as good as 0.0
    ("return max(w * x + b, 0)", "np.maximum"),
    ("import math\n    return 1 / (1 + math.exp(-w * x))", "np.exp"),
    ("return np.max(w @ x + b, 0)", "np.maximum"),
])
def test_what_beginners_write_first_is_taken_or_told_in_their_words(answer, said):
    e = exercise("01_neuron/01_neuron.py")
    source = e.stub.split("# YOUR CODE HERE")[0].rstrip() + f"\n    {answer}\n"
    wrong = next((o for o in judge(e, source, hidden=True) if not o.passed), None)
    assert said in wrong.message + wrong.fix if said else wrong is None


def test_the_engine_passes_its_own_checks():
    """In this process, so that a wrong check is found without a child."""
    for place in ("01_neuron/02_layer.py", "03_rules/01_product_rule.py"):
        e = exercise(place)
        for check in e.checks: check.run(Local(e.module), generator(check, 0))


def test_every_exercise_that_a_lesson_names_exists():
    lessons = "".join(p.read_text("utf-8") for p in (CATALOGUE.parents[2] / "tutorials").glob("*.py"))
    named = "".join(re.findall(r"Exercises that follow:\*\*((?:.+\n)+)", lessons))
    found = set(re.findall(r"`([a-z]\w*)`", named)) - {"fit"}                       # a function of ours, beside them
    assert len(found) > 20 and found <= {e.name for e in catalogue()}


# ------------------------------------------------------------ the format

SMALL = '''"""Half of it"""
RATE = 0.5  # VARIANT 0.25 0.125
def half(x):
    # BEGIN SOLUTION
    return RATE * x
    # END SOLUTION

# CHECKS
from tinyfm.exercises.laws import agree, check
hints = ["a", "b", "c"]
after = "!"
minutes = 5
@check
def halves(student, rng): agree(student.half, lambda x: x * RATE, 8.0)
mistakes = {"Nothing is done": "return x", "Added": ("RATE * x", "RATE + x")}
'''


def small(text=SMALL): return Exercise("01_a", "01_half.py", plain(text))


def test_a_file_becomes_stub_key_and_mistakes():
    e = small()
    assert "    # YOUR CODE HERE\n    raise NotImplementedError\n" in e.stub and "RATE * x" not in e.stub
    assert "return x\n" in e.mistaken("Nothing is done") and "RATE + x" in e.mistaken("Added")
    assert e.name == "half" and e.title == "Half of it" and e.points == 1 and prove(e).ok


def test_a_variant_is_in_the_stub_and_in_the_key():
    rng = np.random.default_rng(0)
    found = {varied(SMALL, rng).split("\n")[1] for _ in range(20)}
    assert found == {"RATE = 0.25", "RATE = 0.125"}


def test_instead_gives_other_code():
    given = "    right()\n    # INSTEAD\n    # wrong()\n    #     deeper\n"
    assert emptied("    ", given) == "    wrong()\n        deeper"


@pytest.mark.parametrize("change", [("    # END SOLUTION\n", ""), ("# CHECKS", "# TESTS"),
                                    ("    # BEGIN SOLUTION\n", "    # BEGIN SOLUTION\n    # BEGIN SOLUTION\n")])
def test_a_broken_file_is_refused(change):
    with pytest.raises(ExerciseError): _ = small(SMALL.replace(*change)).stub


def test_a_mistake_that_stands_nowhere_is_refused():
    with pytest.raises(ExerciseError, match="0 times"):
        small(SMALL.replace('("RATE * x"', '("RAT * x"')).mistaken("Added")


def test_every_rule_that_is_cut_is_the_engines():
    e = exercise("03_rules/01_product_rule.py")
    assert "def multiply_a(g, b):" in e.key and "return g * b" in e.key and "y = a \\odot b" in e.stub


def test_mutants_change_the_solution_only_and_each_once():
    e = exercise("05_softmax/01_softmax.py")
    found = mutants(e)
    assert len({m.source for m in found}) == len({m.name for m in found}) == len(found) > 20
    assert all("def softmax(x)" in m.source for m in found)
    assert any("axis=0" in m.source for m in found) and any("x + x.max" in m.source for m in found)


def test_facts_that_an_author_forgets_are_told():
    lacking = SMALL.replace('["a", "b", "c"]', '["a"]').replace('"!"', '""').replace("minutes = 5", "minutes = 50")
    assert len(list(facts(small(lacking)))) == 3


def test_a_stub_that_passes_is_told():
    lazy = SMALL.replace("agree(student.half, lambda x: x * RATE, 8.0)", "pass")
    assert not prove(small(lazy), with_mutants=False).stub_fails


# ------------------------------------------------------------ diagnoses

children = [None]


def child():
    """One for all, as long as it lives."""
    if children[0] is None or not children[0].alive:
        closed()
        children[0] = Child()
    return children[0]


@pytest.fixture(scope="module", autouse=True)
def closing():
    yield
    closed()


def closed():
    if children[0] is not None: children[0].close()


WRONG = {
    "return x": "known-mistake",
    "return 3 * x": "wrong-values", "return x + RATE": "known-mistake",
    "return -RATE * x": "wrong-sign", "return None": "none",
    "return [x]": "wrong-shape", "return float('nan')": "nan", "pass": "none", "return x * y": "error",
    "return 'x'": "wrong-type", "return 0.0": "zero",
    "import os; os._exit(0)": "ended", "return RATE * x + 1e-5": "low-precision",
}


@pytest.mark.parametrize("code", WRONG)
def test_what_is_wrong_has_a_name(code):
    e = small()
    outcome, = judge(e, e.stub.replace("raise NotImplementedError", code), seconds=0.4, child=child())
    assert outcome.kind == WRONG[code] and outcome.message and not outcome.passed


def test_an_error_names_the_line_and_a_stub_is_a_stub():
    e = small()
    outcome, = judge(e, e.stub.replace("raise NotImplementedError", "return x * y"))
    assert "NameError" in outcome.message and "return x * y" in outcome.message
    outcome, = judge(e, e.stub)
    assert outcome.kind == "stub"
    outcome, = judge(e, "def half(x:\n")
    assert "SyntaxError" in outcome.message
