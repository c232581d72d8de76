"""One refusal for every failed sign-in: the caller learns nothing, the log learns the reason."""

import logging

from resolvers.errors import Unauthenticated

_logger = logging.getLogger("headcount.auth")

MESSAGE = "Sign in: send a valid access token or API key as `Authorization: Bearer <token>`."


def refuse(reason: str, *, came: bool = True) -> Unauthenticated:
    """What to raise. `reason` is a phrase of ours, never text of the caller's: it is logged."""
    _logger.info("Sign-in refused: %s", reason, extra={"reason": reason})
    return Unauthenticated(MESSAGE, came=came)
