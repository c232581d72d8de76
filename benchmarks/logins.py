"""The logins that are recorded: a million or so, each a user new on their date, in two orders."""

import random
from array import array
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from resolvers import instants

BY_TIME = "by time"
AT_RANDOM = "at random"
ORDERS = (BY_TIME, AT_RANDOM)

USERS = 40_000
"""Of a date, where logins come by time; the next date begins when all of them were seen."""
DATES = 170
"""Over which logins are strewn where they come at random."""

Login = tuple[str, datetime]


def all_of(rows: int, order: str, now: datetime) -> Iterator[Login]:
    """UTC dates before today."""
    dates = DATES if order == AT_RANDOM else -(-rows // USERS)
    first = datetime.combine(now.date() - timedelta(days=dates), time(), UTC)
    for on, number in _numbers(rows, order):
        at = first + timedelta(days=on, seconds=number % 86_400)
        # 7 does not divide the number of users, so nobody comes twice.
        yield f"user{number * 7 % USERS:06}", at


def _numbers(rows: int, order: str) -> Iterator[tuple[int, int]]:
    """Numbers of a date and of a login on it."""
    if order == BY_TIME:
        yield from (divmod(number, USERS) for number in range(rows))
        return
    strewn = array("I", range(rows))
    random.Random(rows).shuffle(strewn)
    for number in strewn:
        yield number % DATES, number // DATES


def batches(rows: int, order: str, now: datetime, size: int) -> Iterator[list[Login]]:
    batch: list[Login] = []
    for login in all_of(rows, order, now):
        batch.append(login)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def write(file: Path, rows: int, order: str, now: datetime) -> None:
    """As CSV."""
    with file.open("w", encoding="ascii") as target:
        target.write("user_id,at\n")
        for user_id, at in all_of(rows, order, now):
            target.write(f"{user_id},{instants.render(at)}\n")
