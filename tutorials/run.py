"""Runs the lessons as scripts, without a display, and keeps their pictures.

    python tutorials/run.py [01 05 ...] [--pictures FOLDER]
"""
import argparse
import runpy
import sys
import time
from pathlib import Path

import matplotlib

FOLDER = Path(__file__).parent


def lessons(numbers):
    """The files of these lessons, or of all."""
    files = sorted(FOLDER.glob("[0-9][0-9]_*.py"))
    unknown = set(numbers) - {file.name[:2] for file in files}
    if unknown: sys.exit(f"There is no lesson {', '.join(sorted(unknown))}; there are {files[0].name[:2]} to "
                         f"{files[-1].name[:2]}.")
    return [file for file in files if not numbers or file.name[:2] in numbers]


def run(file, pictures):
    """Run one lesson; write what it shows as NN_1.png, NN_2.png, ... Returns how many."""
    import matplotlib.pyplot as plt
    shown = 0

    def show(*_, **__):
        nonlocal shown
        for number in plt.get_fignums():
            shown += 1
            if pictures: plt.figure(number).savefig(pictures / f"{file.name[:2]}_{shown}.png", dpi=110)
        plt.close("all")

    before, plt.show = plt.show, show
    try:
        runpy.run_path(str(file), run_name="__main__")
        show()
    finally:
        plt.show = before
    return shown


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("numbers", nargs="*", metavar="NN", help="only these lessons")
    parser.add_argument("--pictures", type=Path, help="a folder for what they show")
    arguments = parser.parse_args()
    matplotlib.use("Agg")
    if arguments.pictures: arguments.pictures.mkdir(parents=True, exist_ok=True)
    for file in lessons(arguments.numbers):
        print(f"\n{'=' * 20} {file.stem}")
        begin = time.perf_counter()
        shown = run(file, arguments.pictures)
        print(f"{file.stem}: {time.perf_counter() - begin:.1f} s, {shown} pictures")


if __name__ == "__main__":
    main()
