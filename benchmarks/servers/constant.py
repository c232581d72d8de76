"""The ceiling: the bytes of each answer, kept in memory. Shows what HTTP alone and the load
generator can do."""

import os
from pathlib import Path
from typing import Any

from benchmarks import servers


class Constant:
    """Answers /NAME with the bytes of the file NAME."""

    def __init__(self, folder: Path) -> None:
        self.bodies = {f"/{file.name}": file.read_bytes() for file in folder.iterdir()}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            return
        body = self.bodies[scope["path"]]
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    servers.run(Constant(Path(os.environ["BENCHMARK_ANSWERS"])))
