"""The audit log: who did what, to which tenant and dates, when, and whether it was refused.

One row each, append-only and chained by hashes (`chain.py`); a list that was read is one, filed
under each of its tenants. What changes something is written in the transaction that changes it
(`within`); what only reads is written before its answer leaves (`Log.append`). Neither ever goes
without its row: where the row cannot be written, the change is rolled back and the answer is not
given.

An entry names people as they were called then, so that it needs no other table to be read. It
holds no credential and no ID of a counted user, and of what a caller chose only what has a narrow
form: of a tenant that they could not see an ID, of the request the ID that the log has, which is
theirs when they sent one of 8 to 64 letters, digits, dots, hyphens and underscores.
"""

from resolvers.audit.entries import OK, Action, Origin, Record, Spelt, Subject, spelt
from resolvers.audit.log import Log, alone, within

__all__ = [
    "OK",
    "Action",
    "Log",
    "Origin",
    "Record",
    "Spelt",
    "Subject",
    "alone",
    "spelt",
    "within",
]
