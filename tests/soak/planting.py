"""A copy of the source in which something can be broken, and tests that are to notice."""

import os
import shutil
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


@dataclass(frozen=True, slots=True)
class Copy:
    root: Path

    @contextmanager
    def changed(self, path: str, text: str) -> Iterator[None]:
        file = self.root / path
        before = file.read_text()
        file.write_text(text)
        try:
            yield
        finally:
            file.write_text(before)

    def notices(self, tests: Sequence[str], seconds: float = 300) -> bool:
        """Whether a test fails or never ends. Anything else than tests failing or passing is an
        error: a test that is not there has noticed nothing."""
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        # Bytecode is found by a file's size and second, which two changes may share.
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        environment.pop("PYTEST_ADDOPTS", None)
        try:
            done = subprocess.run(
                [*command, *tests],
                cwd=self.root,
                env=environment,
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return True
        if done.returncode not in (FAILED, PASSED):
            raise RuntimeError(f"{' '.join(tests)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.returncode == FAILED


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
        yield Copy(root)
