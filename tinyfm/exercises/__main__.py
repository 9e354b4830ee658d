"""python -m tinyfm.exercises [NAME or FILE ...]: for authors; prove exercises and print the mutation table."""
from __future__ import annotations

import sys
import traceback
from pathlib import Path

from tinyfm.exercises.exercise import Exercise, catalogue, load
from tinyfm.exercises.prove import prove, table


def wanted(words: list[str]) -> list[Exercise]:
    files = [load(Path(w)) for w in words if w.endswith(".py")]
    names = [w for w in words if not w.endswith(".py")]
    if files and not names: return files
    return files + [e for e in catalogue() if not names or any(n in e.place for n in names)]


def main(words: list[str]) -> int:
    proofs, chosen = [], wanted(words)
    for exercise in chosen:
        try: proofs.append(proof := prove(exercise))
        except Exception:                        # a mistake in the exercise itself
            traceback.print_exc()
            print(f"{exercise.place}: cannot be judged", flush=True)
            continue
        caught = proof.mutants - len(proof.survivors)
        print(f"{exercise.place}: {caught} of {proof.mutants} caught, {proof.seconds:.1f} s", flush=True)
        for problem in proof.problems: print(f"  {problem}")
        for unnamed in proof.unnamed: print(f"  not named: {unnamed}")
        for survivor in proof.survivors: print(f"  survives: {survivor}")
    print("", *table(proofs), sep="\n")
    return 0 if len(proofs) == len(chosen) and all(p.ok for p in proofs) else 1


if __name__ == "__main__": sys.exit(main(sys.argv[1:]))
