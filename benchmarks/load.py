"""Load generators: requests sent in turn, again and again, over kept-alive connections of the
loopback interface, for a bounded time.

wrk where it is installed, otherwise autocannon from npm. A third one in Python is for the smoke
test, which must run everywhere: it is the bottleneck of whatever is fast.
"""

import json
import math
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import contenders
from benchmarks.contenders import Request
from benchmarks.processes import pinned


@dataclass(frozen=True, slots=True)
class Load:
    """`busy` is the share of its core that the generator itself used: near 1 it is the limit."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    failed: int
    busy: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


@dataclass(frozen=True, slots=True)
class Target:
    """All requests have one method and the same headers."""

    port: int
    requests: Sequence[Request]
    connections: int

    @property
    def host(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.host}{self.requests[0].path}"


Run = Callable[[Target, float, int | None], dict[str, float]]


@dataclass(frozen=True, slots=True)
class Generator:
    """`least` is the shortest run in seconds it can do."""

    name: str
    least: float
    run: Run

    def send(self, target: Target, seconds: float, core: int | None) -> Load:
        before, started = _children_cpu(), time.perf_counter()
        measured = self.run(target, seconds, core)
        busy = (_children_cpu() - before) / (time.perf_counter() - started)
        requests, failed = int(measured["requests"]), int(measured["failed"])
        times = measured["p50_ms"], measured["p99_ms"]
        return Load(requests, measured["seconds"], *times, failed, busy)


def choose(name: str | None) -> Generator:
    """The generator of that name, or the best there is; raises Unavailable."""
    if name == "python":
        return Generator("a generator in Python", 0, _python)
    if name == "wrk" or (name is None and shutil.which("wrk")):
        return Generator(_wrk_version(), 1, _wrk)
    modules = contenders.install("autocannon")
    version = contenders.version_of(modules / "autocannon/package.json")
    return Generator(f"autocannon {version}", 1, _autocannon)


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _output(command: list[str], core: int | None, seconds: float, text: str | None = None) -> str:
    ran = subprocess.run(
        pinned(command, core),
        input=text,
        capture_output=True,
        check=True,
        text=True,
        timeout=seconds + 60,
    )
    return ran.stdout


def _wrk_version() -> str:
    told = subprocess.run(["wrk", "-v"], capture_output=True, text=True, timeout=10).stdout
    return " ".join(told.split()[:2]) if told else "wrk"


_WRK = """
wrk.method = %s
wrk.body = %s
for name, value in pairs({%s}) do wrk.headers[name] = value end
done = function(summary, latency, requests)
  local failed = 0
  for kind, count in pairs(summary.errors) do failed = failed + count end
  io.write(string.format(
    '\\n{"requests": %%d, "seconds": %%f, "p50_ms": %%f, "p99_ms": %%f, "failed": %%d}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, failed))
end
"""


_WRK_IN_TURN = """
local given, sent, turn = {%s}, {}, 0
init = function()
  for number, each in ipairs(given) do sent[number] = wrk.format(nil, each[1], nil, each[2]) end
end
request = function()
  turn = turn %% #sent + 1
  return sent[turn]
end
"""


def _lua(text: str) -> str:
    return '"' + "".join(f"\\{byte:03}" for byte in text.encode()) + '"'


def _wrk(target: Target, seconds: float, core: int | None) -> dict[str, float]:
    request = target.requests[0]
    headers = ", ".join(f"[{_lua(k)}] = {_lua(v)}" for k, v in request.headers.items())
    script = _WRK % (_lua(request.method), _lua(request.body.decode()), headers)
    if len(target.requests) > 1:
        pairs = [f"{{{_lua(r.path)}, {_lua(r.body.decode())}}}" for r in target.requests]
        script += _WRK_IN_TURN % ", ".join(pairs)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        command = [
            *("wrk", "--threads", "1", "--connections", str(target.connections), "--timeout"),
            *("30s", "--duration", f"{math.ceil(seconds)}s", "--script", file.name, target.url),
        ]
        told = _output(command, core, seconds)
    measured: dict[str, float] = json.loads(told.strip().splitlines()[-1])
    return measured


def _autocannon(target: Target, seconds: float, core: int | None) -> dict[str, float]:
    script = contenders.PEERS / "autocannon/node_modules/autocannon/autocannon.js"
    with tempfile.NamedTemporaryFile("w", suffix=".har") as file:
        json.dump(_har(target), file)
        file.flush()
        command = [
            *(contenders.node(), str(script), "--json", "--connections", str(target.connections)),
            *("--duration", str(math.ceil(seconds)), "--timeout", "30", "--har", file.name),
            target.host,
        ]
        told = json.loads(_output(command, core, seconds))
    return {
        "requests": told["2xx"],
        "seconds": told["duration"],
        "p50_ms": told["latency"]["p50"],
        "p99_ms": told["latency"]["p99"],
        "failed": told["non2xx"] + told["errors"] + told["timeouts"],
    }


def _har(target: Target) -> dict[str, object]:
    """The requests in the format of an HTTP archive, of which autocannon sends each in turn."""
    entries = [
        {
            "method": each.method,
            "url": f"{target.host}{each.path}",
            "headers": [{"name": k, "value": v} for k, v in each.headers.items()],
            **({"postData": {"text": each.body.decode()}} if each.body else {}),
        }
        for each in target.requests
    ]
    return {"log": {"entries": [{"request": each} for each in entries]}}


def _python(target: Target, seconds: float, core: int | None) -> dict[str, float]:
    asked = {
        **{"port": target.port, "connections": target.connections, "seconds": seconds},
        "requests": [
            {
                **{"method": each.method, "path": each.path},
                **{"headers": dict(each.headers), "body": each.body.decode()},
            }
            for each in target.requests
        ],
    }
    script = str(Path(__file__).parent / "python_load.py")
    told = _output([sys.executable, script], core, seconds, json.dumps(asked))
    measured: dict[str, float] = json.loads(told)
    return measured
