"""Logins from the JSON records of an identity provider."""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from resolvers.login_files import providers
from resolvers.login_files.batch import Batch, Defect, RefusedLogin
from resolvers.login_files.json_values import PAGE_KEYS, Broken, Piece
from resolvers.login_files.providers import Provider

# Where a refused record says why, and the text of one that was not JSON.
REFUSED_KEY = "headcount_refused"
# The text of a batch's records is kept until the batch is judged; this bounds it.
_MOST_BYTES = 1 << 24


def batches(pieces: Iterable[Piece], provider: Provider, size: int) -> Iterator[Batch]:
    batch, originals, held = Batch(), list[bytes](), 0
    batch.originals = originals
    for position, raw, value in flat(pieces):
        try:
            login = _login(provider, value)
        except Defect as defect:
            batch.refused.append(RefusedLogin(position, defect.code, defect.reason, raw))
            held += len(raw)
        else:
            if login is None:
                batch.not_logins += 1
                continue
            batch.positions.append(position)
            batch.user_ids.append(login[0])
            batch.instants.append(login[1])
            originals.append(raw)
            held += len(raw)
        if held >= _MOST_BYTES or max(len(originals), len(batch.refused)) >= size:
            yield batch
            batch, originals, held = Batch(), [], 0
            batch.originals = originals
    yield batch


def _login(provider: Provider, value: object) -> providers.Login | None:
    if type(value) is dict:
        login = providers.read(provider, value)
        if login is None and len(value) == 1 and REFUSED_KEY in value:
            raise Defect("INVALID", "The line was refused before and is not corrected yet.")
        return login
    if isinstance(value, Broken):
        raise Defect("INVALID", value.reason)
    raise Defect("INVALID", "The record is not a JSON object.")


def flat(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Unfolds pages and arrays that stand where a record is expected, as in batched deliveries."""
    for piece in pieces:
        position, _, value = piece
        within = _page(value) if type(value) is dict else value
        if type(within) is list:
            for record in within:
                yield position, orjson.dumps(record), record
        else:
            yield piece


def _page(record: dict[str, Any]) -> list[object] | None:
    for key in PAGE_KEYS:
        if key in record and type(within := record[key]) is list:
            return within
    return None
