"""Grading through a Dask cluster gives the grades that our own processes give."""
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.course.hostile.submissions import AFFINE, EVERY, RIGHT, TWO, placed, write
from tinyfm.course.course import opened
from tinyfm.course.grade import grade_all

HERE = Path(__file__).parents[1] / "course" / "hostile" / "course"
CHOSEN = ["an endless loop", "os._exit(0)", "a fork at import", "returned: NaN", "a zip bomb",
          "limited: 3 GB of memory"]


@pytest.mark.reference
@pytest.mark.filterwarnings("default")           # those of the cluster's own libraries
def test_dask_gives_equal_grades(tmp_path):
    distributed = pytest.importorskip("distributed")
    course = tmp_path / "course"
    for place in (AFFINE, TWO): shutil.copyfile(HERE / place, placed(course, place))
    shutil.copyfile(HERE / "course.toml", course / "course.toml")
    (course / ".secret").write_text("1" * 64)
    works = {"right": tmp_path / "works" / "right"}
    for place, text in RIGHT.items(): placed(works["right"], place).write_text(text)
    for i, name in enumerate(CHOSEN):
        write(EVERY[name], folder := tmp_path / "works" / f"s{i}", {"COURSE": str(course)})
        works[name] = folder if folder.is_dir() else folder.with_suffix(".zip")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None,
                                  local_directory=str(tmp_path / "dask")) as cluster, \
            distributed.Client(cluster) as client:
        theirs = grade_all(opened(course), works, executor=client.get_executor())
    ours = grade_all(opened(course), works, jobs=2)
    assert [plain(g) for g in theirs] == [plain(g) for g in ours]
    assert {g.student: g.score for g in ours} == {"right": 6} | {name: EVERY[name].score + 3 for name in CHOSEN}


def plain(grades):
    return grades.student, {place: [replace(o, seconds=0) for o in found]
                            for place, found in sorted(grades.outcomes.items())}
