"""Contenders written in Python, each started as `python -m benchmarks.servers.NAME`."""

import os

import uvicorn


def run(app: object) -> None:
    """Serve with the settings that the product's own command uses."""
    uvicorn.run(
        app,  # type: ignore[arg-type] # uvicorn's types know several kinds of ASGI application
        host="127.0.0.1",
        port=int(os.environ["BENCHMARK_PORT"]),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        log_level="warning",
    )
