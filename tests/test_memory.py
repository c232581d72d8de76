"""What the process keeps of memory that it has freed."""

import platform
import subprocess
import sys

import pytest

# Blocks as large as answers with many users, with small ones between them that stay.
MEASURE = """
import psutil
from graph import memory
{call}
process = psutil.Process()
largest = bytes(16 * 2**20)
del largest
before = process.memory_info().rss
answers, small = [], []
for _ in range(200):
    answers.append(b"x" * 300_000)
    small.append(b"x" * 1_000)
del answers
print(process.memory_info().rss - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is a setting of glibc")
def test_what_large_answers_took_is_handed_back() -> None:
    kept = [
        int(subprocess.check_output([sys.executable, "-c", MEASURE.format(call=call)]))
        for call in ("memory.hand_back_freed()", "")
    ]

    assert kept[0] < 5 * 2**20 < 20 * 2**20 < kept[1]
