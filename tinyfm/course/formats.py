"""Grades in the forms of Gradescope, Classroom 50 and plain JSON."""
from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tinyfm.course.course import write
from tinyfm.course.grade import Grades
from tinyfm.course.task import Task
from tinyfm.exercises.judge import Outcome


def text(o: Outcome) -> str:
    """What the student reads."""
    return "\n".join(t for t in (o.message, o.fix, o.note) if t) or "passed"


def title(task: Task, o: Outcome) -> str: return f"{re.sub(r'^[0-9]+_|[.]py$', '', task.file)}: {o.check}"


def gradescope(grades: Grades) -> dict[str, Any]:
    """results.json.  A hidden check's message comes after the due date: delayed, the total would wait with it too."""
    tests = [{"name": title(task, o), "number": f"{i}.{k}", "score": float(o.score), "max_score": float(o.points),
              "status": "passed" if o.passed else "failed", "output": text(o), "output_format": "text",
              "visibility": "after_due_date" if o.hidden else "visible", "tags": [o.kind] if o.kind else []}
             for i, (task, outcomes) in enumerate(grades.listed, 1) for k, o in enumerate(outcomes, 1)]
    note = "" if grades.complete else "The grader has not finished yet."
    return {"score": float(grades.score), "output": note, "output_format": "text", "visibility": "visible",
            "stdout_visibility": "hidden", "tests": tests, "extra_data": {"points": grades.points}}


def classroom50(grades: Grades, environment: Mapping[str, str]) -> dict[str, Any]:
    """classroom50/result/v1; the workflow tells the names."""
    def named(name: str) -> str: return environment.get(name, "")
    tests = [{"test-name": title(task, o), "passed": o.passed, "score": o.score, "max-score": o.points}
             for task, outcomes in grades.listed for o in outcomes]
    return {"schema": "classroom50/result/v1", "classroom": named("CLASSROOM"), "assignment": named("ASSIGNMENT"),
            "usernames": [environment.get("USERNAME") or grades.student], "submission": named("SUBMISSION_TAG"),
            "commit": named("COMMIT_URL"), "release": named("RELEASE_URL"), "review": named("REVIEW_URL"),
            "datetime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "score": grades.score,
            "max-score": grades.points, "tests": tests}


def plain(grades: Grades) -> dict[str, Any]:
    """Everything we know."""
    return {"student": grades.student, "score": grades.score, "points": grades.points, "complete": grades.complete,
            "exercises": [{"exercise": task.place, "score": sum(o.score for o in outcomes), "checks": [
                {"check": o.check, "score": o.score, "points": o.points, "passed": o.passed, "hidden": o.hidden,
                 "kind": o.kind, "mistake": o.mistake, "message": o.message, "fix": o.fix, "note": o.note}
                for o in outcomes]} for task, outcomes in grades.listed]}


def write_json(path: Path, value: Any) -> None: write(path, json.dumps(value, indent=1) + "\n")
