"""The only place that knows how refusals and faults become GraphQL errors.

By allow-list: a Refusal says its message and code; what graphql-core finds wrong with a request
is said in our own words (`graph/wording.py`); everything else is a fault of ours. The caller of
a fault sees INTERNAL_SERVER_ERROR and a request ID, and the log holds the traceback under that
ID: lines of code and types of exceptions, never their messages, for those quote values, literals
and tokens.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from graphql import GraphQLError, GraphQLSchema, GraphQLSyntaxError, ValuesOfCorrectTypeRule
from strawberry.exceptions import StrawberryInputCoercionError

from graph import logs, wording
from resolvers.errors import BadInput, Refusal

MOST = 5
"""Errors that go out; the last of them says in `extensions.omitted` how many more there were."""

PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
INTERNAL = "INTERNAL_SERVER_ERROR"
INTERNAL_MESSAGE = "Something went wrong on our side; the request ID finds it in our log."

Error = dict[str, Any]
Translate = Callable[[Exception], Refusal | None]

logger = logging.getLogger("headcount")


def no_translation(_error: Exception) -> Refusal | None:
    """Knows no exceptions that are refusals in disguise, such as those of a database driver."""
    return None


@dataclass(frozen=True, slots=True)
class Incident:
    """The request in which something went wrong, as far as a log may know it."""

    request_id: str
    operation_name: str | None = None


class Literals(ValuesOfCorrectTypeRule):
    """graphql-core's rule for literals; marks what it finds as coercion, not validation."""

    def report_error(self, error: GraphQLError) -> None:
        super().report_error(
            StrawberryInputCoercionError(
                error.message, nodes=error.nodes, original_error=error.original_error
            )
        )


def of_refusal(refusal: Refusal, at: GraphQLError | None = None) -> Error:
    extensions = {"code": refusal.code, **refusal.extensions}
    return {"message": str(refusal), **_place(at), "extensions": extensions}


def of_syntax(error: GraphQLSyntaxError) -> Error:
    return _error(wording.of_syntax(error.message), PARSE_FAILED, error)


def of_validation(errors: Sequence[GraphQLError], schema: GraphQLSchema) -> list[Error]:
    """Errors of a document that does not fit the schema."""
    return _first((_of_literal(error, schema) or _of_rule(error) for error in errors), len(errors))


def of_variables(errors: Sequence[GraphQLError], schema: GraphQLSchema) -> list[Error]:
    """Errors of variables that do not fit the operation."""
    return _first((_of_variable(error, schema) for error in errors), len(errors))


class Translator:
    """Turns what execution raised into errors, and logs what it cannot explain."""

    def __init__(self, schema: GraphQLSchema, translate: Translate = no_translation) -> None:
        self.schema = schema
        self.translate = translate

    def of_execution(self, errors: Sequence[GraphQLError], incident: Incident) -> list[Error]:
        return _first((self._of_field(error, incident) for error in errors), len(errors))

    def of_exception(self, error: Exception, incident: Incident) -> tuple[Error, Refusal | None]:
        """An error for an exception outside any field, with the refusal it stands for."""
        refusal = wording.refusal_behind(error) or _refusal(error, self.translate)
        if refusal is not None:
            return of_refusal(refusal), refusal
        log(error, incident)
        return fault(incident), None

    def _of_field(self, error: GraphQLError, incident: Incident) -> Error:
        cause = _cause(error)
        refusal = _refusal(cause, self.translate)
        if refusal is not None:
            return of_refusal(refusal, error)
        message = _coercion_message(error, cause, self.schema)
        if message is not None:
            return _error(message, BadInput.code, error)
        log(error, incident)
        return fault(incident, error)


def fault(incident: Incident, at: GraphQLError | None = None) -> Error:
    extensions = {"code": INTERNAL, "requestId": incident.request_id}
    return {"message": INTERNAL_MESSAGE, **_place(at), "extensions": extensions}


def log(error: Exception, incident: Incident) -> None:
    cause = _cause(error)
    path = ".".join(map(str, getattr(error, "path", None) or ()))
    logger.error(
        "request %s, operation %s, path %s: %s",
        incident.request_id,
        wording.shortened(incident.operation_name or "-"),
        wording.shortened(path or "-"),
        "\n".join(logs.trace_of(cause)),
        extra={
            "request_id": incident.request_id,
            "operation_name": incident.operation_name
            and wording.shortened(incident.operation_name),
            "exception": logs.type_of(cause),
        },
    )


def _cause(error: Exception) -> Exception:
    """The exception that GraphQL errors were wrapped around; the innermost of them if none."""
    inner = error
    while isinstance(inner, GraphQLError) and inner.original_error is not None:
        inner = inner.original_error
    return inner


def _refusal(cause: Exception, translate: Translate) -> Refusal | None:
    return cause if isinstance(cause, Refusal) else translate(cause)


def _coercion_message(error: GraphQLError, cause: Exception, schema: GraphQLSchema) -> str | None:
    """What is wrong with an argument: only graphql-core and Strawberry say so, in known words."""
    if isinstance(cause, StrawberryInputCoercionError):
        return wording.of_literal(cause, schema)
    return wording.of_coercion(error, schema) if isinstance(cause, GraphQLError) else None


def _of_literal(error: GraphQLError, schema: GraphQLSchema) -> Error | None:
    if not isinstance(error, StrawberryInputCoercionError):
        return None
    refusal = wording.refusal_behind(error)
    code = refusal.code if refusal else BadInput.code
    return _error(wording.of_literal(error, schema), code, error)


def _of_rule(error: GraphQLError) -> Error:
    return _error(wording.of_validation(error.message), VALIDATION_FAILED, error)


def _of_variable(error: GraphQLError, schema: GraphQLSchema) -> Error:
    refusal = wording.refusal_behind(error)
    message = wording.of_coercion(error, schema) or "The variables do not fit the operation."
    return _error(message, refusal.code if refusal else BadInput.code, error)


def _error(message: str, code: str, error: GraphQLError) -> Error:
    return {"message": message, **_place(error), "extensions": {"code": code}}


def _place(error: GraphQLError | None) -> Error:
    place: Error = {}
    if error is None:
        return place
    if error.locations:
        place["locations"] = [location.formatted for location in error.locations]
    if error.path:
        place["path"] = error.path
    return place


def _first(errors: Iterator[Error], count: int) -> list[Error]:
    """The errors that go out. The others are never made, so a fault among them is not logged."""
    shown = list(islice(errors, MOST))
    if count > MOST:
        shown[-1]["extensions"]["omitted"] = count - MOST
    return shown
