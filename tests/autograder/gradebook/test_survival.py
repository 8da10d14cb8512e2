"""A writer that is killed leaves no half result, and the next one ends where an undisturbed one would have."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_a_writer_killed_at_twenty_random_moments_loses_nothing(tmp_path):
    # In memory, where there is such a folder: what a kill leaves is the same, and waiting for a disk is no test.
    memory = Path("/dev/shm")
    folder = tempfile.mkdtemp(dir=memory if os.access(memory, os.W_OK) else tmp_path)
    program = "from tests.autograder.gradebook.killed import main; from pathlib import Path; import sys\n"
    program += "main(Path(sys.argv[1]), 20, 1)"
    try:
        done = subprocess.run(
            [sys.executable, "-c", program, folder], cwd=ROOT, capture_output=True, text=True, check=False
        )
    finally:
        shutil.rmtree(folder)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert len(found) == 20
    assert [each for each in found if each["wrong"] or not each["same"]] == []
