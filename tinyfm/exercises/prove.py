"""Prove an exercise: its stub fails, its solution passes, wrong solutions are caught: `python -m tinyfm.exercises`."""
from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from tinyfm.exercises.exercise import BLOCK, Exercise
from tinyfm.exercises.judge import DIFFERENCES, Outcome, judge
from tinyfm.exercises.learner import own_source
from tinyfm.exercises.mutants import Mutant, mutants
from tinyfm.exercises.runner import Child, Limits

PATIENCE = 2.0                                   # seconds: a mutant that takes longer in one check is caught


@dataclass
class Proof:
    """What was found of one exercise.

    sentences: listed mistakes told in their own words; unnamed: those whose diagnosis is only that numbers differ.
    """

    exercise: Exercise
    stub_fails: bool = False
    solution_passes: bool = False
    problems: list[str] = field(default_factory=list)
    mutants: int = 0
    survivors: list[str] = field(default_factory=list)
    declared: list[str] = field(default_factory=list)
    unnamed: list[str] = field(default_factory=list)
    sentences: int = 0
    seconds: float = 0.0

    @property
    def score(self) -> float: return 1 - len(self.survivors) / self.mutants if self.mutants else 1.0

    @property
    def ok(self) -> bool: return self.stub_fails and self.solution_passes and not self.problems and self.score >= 0.95


def prove(exercise: Exercise, *, with_mutants: bool = True) -> Proof:
    """Everything that must hold of one exercise, tried out in child processes."""
    began, proof = time.perf_counter(), Proof(exercise)
    bench = Workbench(exercise)
    try:
        stub = bench.outcomes(exercise.stub)
        proof.stub_fails = bool(stub) and not any(o.passed for o in stub)
        solution = bench.outcomes(exercise.key)
        proof.solution_passes = all(o.passed for o in solution)
        proof.problems = [*facts(exercise), *(f"solution: {o.check}: {o.message}" for o in solution if not o.passed),
                          *(f"stub passes: {o.check}" for o in stub if o.passed)]
        if with_mutants and proof.solution_passes: examine(bench, proof)
    finally: bench.close()
    proof.seconds = time.perf_counter() - began
    return proof


def examine(bench: Workbench, proof: Proof) -> None:
    """Which wrong versions are caught, and which of the listed ones by their name."""
    exercise = proof.exercise
    for mutant in mutants(exercise):
        caught = bench.caught(mutant)
        if caught is None and mutant.name in exercise.equivalent:
            proof.declared.append(mutant.name)
            continue
        proof.mutants += 1
        if caught is None: proof.survivors.append(mutant.name)
        elif caught.mistake == mutant.name: proof.sentences += 1
        elif mutant.name in exercise.mistakes and caught.kind in DIFFERENCES:
            proof.unnamed.append(f"{mutant.name} ({caught.check}: {caught.kind}: {caught.message.splitlines()[0]})")
    unused = set(exercise.equivalent) - set(proof.declared)
    if unused: proof.problems.append(f"declared equivalent, but caught or not generated: {sorted(unused)}")


class Workbench:
    """One child for all versions of an exercise, started anew when one of them ends it."""

    def __init__(self, exercise: Exercise) -> None: self.exercise, self.child = exercise, Child(Limits(cpu=3600))

    def close(self) -> None: self.child.close()

    def fresh(self) -> Child:
        if not self.child.alive:
            self.child.close()
            self.child = Child(Limits(cpu=3600))
        return self.child

    def outcomes(self, source: str) -> list[Outcome]:
        return list(judge(self.exercise, source, hidden=True, child=self.fresh()))

    def caught(self, mutant: Mutant) -> Outcome | None:
        """The first check that fails."""
        listed = mutant.name in self.exercise.mistakes
        return next((o for o in judge(self.exercise, mutant.source, hidden=True, child=self.fresh(), seconds=PATIENCE,
                                      naming=listed) if not o.passed), None)


def facts(exercise: Exercise) -> Iterable[str]:
    """What an author forgets."""
    if not exercise.statement: yield "no statement: the file begins with a docstring"
    if len(exercise.hints) != 3: yield f"{len(exercise.hints)} hints, not 3"
    if not exercise.after: yield "no `after`: why does it work?"
    if not exercise.mistakes: yield "no `mistakes`: which are the usual ones?"
    if not 5 <= exercise.minutes <= 30: yield f"{exercise.minutes} minutes"
    for name in exercise.compare:
        if not shows(name): yield f"compare: {name} has no source to show"
    for line in exercise.stub.split("\n"):
        if len(line) > 120: yield f"{len(line)} characters in a line of the student's file: {line}"
    for line in leaked(exercise): yield f"the stub holds a line of the solution: {line}"


def shows(name: str) -> bool:
    try: return bool(own_source(name))
    except (ImportError, AttributeError): return False


def leaked(exercise: Exercise) -> list[str]:
    """Lines of the solution that stand in the stub as they are, unless they are too short to tell anything."""
    if "# INSTEAD" in exercise.key: return []
    given = {line.strip() for line in exercise.stub.split("\n")}
    inside = [line.strip() for _, body in BLOCK.findall(exercise.key) for line in body.split("\n")]
    return [line for line in inside if len(line) > 12 and line in given]


def table(proofs: list[Proof]) -> list[str]:
    """The table that the README links, one line for each exercise, then the sum."""
    head = "| exercise | minutes | points | stub | solution | wrong versions caught | score | no different |"
    return [head, "| --- | ---: | ---: | --- | --- | ---: | ---: | ---: |", *map(row, proofs), "", *summary(proofs)]


def row(p: Proof) -> str:
    caught = (f"{p.mutants - len(p.survivors)} of {p.mutants}", f"{p.score:.1%}") if p.mutants else ("not tried", "-")
    cells = (f"{p.exercise.topic[3:]}/{p.exercise.name}", p.exercise.minutes, p.exercise.points,
             "fails" if p.stub_fails else "PASSES", "passes" if p.solution_passes else "FAILS",
             *caught, len(p.declared))
    return f"| {' | '.join(map(str, cells))} |"


def summary(proofs: list[Proof]) -> list[str]:
    total, survived = sum(p.mutants for p in proofs), sum(len(p.survivors) for p in proofs)
    told = [f"{len(proofs)} exercises: {sum(p.stub_fails for p in proofs)} stubs fail, "
            f"{sum(p.solution_passes for p in proofs)} solutions pass."]
    if not total: return [*told, "Wrong versions were not tried."]
    return [*told,
            f"{total - survived} of {total} wrong versions are caught ({1 - survived / total:.2%}); "
            f"{sum(len(p.declared) for p in proofs)} more cannot be told from the solution, and say why."]


# ------------------------------------------------------------ the page

PAGE = """# The exercises, proved

`tinyfm course check --all --page tutorials/mutation_scores.md` writes this page. Every check fails the stub, the
solution passes, and of the wrong versions (the mistakes that each exercise lists, and every single change of a sign, a
term, an axis, a comparison, a number or a name in the solution) so many are caught. "No different" are changes that no
check can tell from the solution; each says why in its exercise. Tests hold every line.

{rows}

## The usual mistakes, and what the learner reads

Of the mistakes that the exercises of a topic list, so many are told in the sentence that names just this mistake, so
many by what is wrong (a sign, a factor, a shape, a dtype, an error with its line), so many only by numbers that differ.

{families}
"""


def page(proofs: list[Proof]) -> str:
    return PAGE.format(rows="\n".join(table(proofs)), families="\n".join(families(proofs)))


def families(proofs: list[Proof]) -> list[str]:
    """For each topic: how its listed mistakes are diagnosed."""
    lines = ["| topic | mistakes | by their own sentence | by what is wrong | numbers only | named |",
             "| --- | ---: | ---: | ---: | ---: | ---: |"]
    topics = dict.fromkeys(p.exercise.topic for p in proofs)
    return lines + [family(t, [p for p in proofs if p.exercise.topic == t]) for t in topics]


def family(topic: str, proofs: list[Proof]) -> str:
    every, own = sum(len(p.exercise.mistakes) for p in proofs), sum(p.sentences for p in proofs)
    bare = sum(len(p.unnamed) + len(set(p.survivors) & set(p.exercise.mistakes)) for p in proofs)
    return f"| {topic[3:]} | {every} | {own} | {every - own - bare} | {bare} | {1 - bare / max(every, 1):.1%} |"
