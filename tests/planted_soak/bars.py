"""Bars for a run of the soak itself: one that is met, and one of each kind that is not."""

import asyncio
import os
import time

from models import Tenant, migrate
from tests import processes
from tests.soak.bar import Bar, Figure


async def _look() -> tuple[int, list[str]]:
    return await Tenant.all().count(), await migrate.pending()


def _empty(url: str) -> Figure:
    rows, pending = asyncio.run(processes.connected(url, _look))
    return Figure(f"{rows} rows, {len(pending)} migrations left", met=(rows, pending) == (0, []))


def _missed(url: str) -> Figure:
    return Figure(f"1 | 2 lost, URL {url!r}", met=False)


def _raises(url: str) -> Figure:
    raise LookupError(url)


def _dies(url: str) -> Figure:
    os._exit(7)


def _hangs(url: str) -> Figure:
    time.sleep(600)
    raise AssertionError


BARS = [
    Bar("Leftovers", "0 rows", _empty),
    Bar("Missed", "0 lost", _missed, databases=()),
    Bar("Raises", "no crash", _raises, databases=("sqlite",)),
    Bar("Dies", "no crash", _dies, databases=()),
    Bar("Hangs", "an end", _hangs, databases=()),
]
