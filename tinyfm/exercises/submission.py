"""A learner's work as one zip file: the same bytes for the same work, on any machine, without any network."""
from __future__ import annotations

import json
import zipfile
from pathlib import Path

from tinyfm.atomic import replacing
from tinyfm.exercises.learner import STATUS, check
from tinyfm.exercises.progress import STATE, Work


def submit(work: Work, target: Path) -> list[tuple[str, int]]:
    """Write every edited file, the state, and report.json: what the public checks say.  Returns (name, bytes)."""
    files, report = {}, {}
    for exercise in work.exercises:
        path = work.path(exercise)
        if not path.exists() or (content := path.read_bytes()) == exercise.stub.encode(): continue
        files[exercise.place] = content
        code, outcomes, _ = check(work, exercise)
        report[exercise.name] = {"status": STATUS[code], "passed": sum(o.passed for o in outcomes), "of": len(outcomes)}
    if (work.root / STATE).exists(): files[STATE.as_posix()] = (work.root / STATE).read_bytes()
    files["report.json"] = (json.dumps(report, indent=1, sort_keys=True) + "\n").encode()
    with replacing(target) as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr, entry.create_system, entry.compress_type = 0o644 << 16, 3, zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])
    return [(name, len(files[name])) for name in sorted(files)]
