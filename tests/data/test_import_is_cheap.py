"""Importing the data room does no work: what reads, unpacks, hashes, downloads or draws is imported when it is used."""

import subprocess
import sys

LATE = ["csv", "gzip", "hashlib", "http.client", "matplotlib", "numpy.random", "tempfile", "urllib.request", "zlib"]


def test_importing_data_imports_nothing_heavy():
    script = ("import sys, numpy, tinyfm; before = set(sys.modules); import tinyfm.data; "
              f"print(sorted((set(sys.modules) - before) & set({LATE})))")
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
