"""A copy of the source in which something can be broken, and tests that are to notice."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
_COPIED = ("graph", "models", "resolvers", "tests", "pyproject.toml", "schema.graphql", "README.md")
#: What pytest returns when a test has failed, and when all have passed.
FAILED, PASSED = 1, 0


#: Imports what takes time and is never changed, and runs each line of its input (pytest's
#: arguments) in a child of its own; prints its exit code and where its output is.
_RUNNER = """
import os, signal, sys, tempfile
import aiosqlite, anyio.pytest_plugin, asyncpg, httpx2, hypothesis.strategies, joserfc.jwk, limits
import pydantic_settings, prometheus_client, pytest, starlette.applications, strawberry
import strawberry.permission, tortoise.migrations, uvicorn, xdist.plugin, _hypothesis_pytestplugin

IMPORTED = "ignore::pytest.PytestAssertRewriteWarning"
for line in sys.stdin:
    seconds, *arguments = line.split()
    output, name = tempfile.mkstemp(dir=".")
    child = os.fork()
    if child == 0:
        signal.alarm(int(seconds))
        os.dup2(output, 1)
        os.dup2(output, 2)
        code = 99
        try:
            code = pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-W", IMPORTED, *arguments])
        finally:
            os._exit(code)
    os.close(output)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(code, name, flush=True)
"""


@dataclass(frozen=True, slots=True)
class Copy:
    root: Path
    runner: subprocess.Popen[str]

    @contextmanager
    def changed(self, path: str, text: str) -> Iterator[None]:
        file = self.root / path
        before = file.read_text()
        file.write_text(text)
        try:
            yield
        finally:
            file.write_text(before)

    def notices(self, tests: Sequence[str], seconds: int = 300) -> bool:
        """Whether a test fails or never ends. Anything else than tests failing or passing is an
        error: a test that is not there has noticed nothing."""
        assert self.runner.stdin is not None
        assert self.runner.stdout is not None
        print(seconds, *tests, file=self.runner.stdin, flush=True)
        code, name = self.runner.stdout.readline().split()
        output = Path(name).read_text(errors="replace")
        Path(name).unlink()
        if int(code) not in (FAILED, PASSED, -signal.SIGALRM):
            raise RuntimeError(f"{' '.join(tests)} ended with {code}: {output[-3000:]}")
        return int(code) != PASSED


@contextmanager
def copy() -> Iterator[Copy]:
    with tempfile.TemporaryDirectory(prefix="headcount") as folder:
        root = Path(folder)
        for name in _COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("node_modules"))
            else:
                shutil.copy2(source, root / name)
        # Bytecode is found by a file's size and second, which two changes may share.
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        environment.pop("PYTEST_ADDOPTS", None)
        with subprocess.Popen(
            [sys.executable, "-c", _RUNNER],
            cwd=root,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as runner:
            yield Copy(root, runner)
            assert runner.stdin is not None
            runner.stdin.close()
