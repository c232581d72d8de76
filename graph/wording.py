"""What graphql-core says of a bad request, in words that carry nothing of what was sent.

Its messages quote values, and now and then a type of Python. Here each message is recognised
by its beginning, which is graphql-core's own, and said anew from names the schema knows; one
that is not recognised becomes a sentence without particulars. Names written in the document
(of fields, variables, operations) are not values and stay.
"""

import re

from graphql import GraphQLError, GraphQLNamedType, GraphQLSchema, is_scalar_type

from resolvers.errors import Refusal

LONGEST = 400
"""Characters of a message that go out; a name in a document may be as long as the document."""

NOT_VALID = "the value is not valid"

_SUBJECT = re.compile(
    r"(?P<subject>(?:Variable '\$|Argument ')\w+')"
    r" has invalid (?P<kind>(?:default )?value)(?: at (?P<at>[\w.\[\]]+))?: ",
)
_MISSING_ARGUMENT = re.compile(r"Argument '\w+' of required type '[\w!\[\]]+' was not provided\.$")
_TOKEN = re.compile(r"\b(Name|Int|Float|String|BlockString|Comment) ['\"].*", re.DOTALL)

_REASONS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), reason)
    for pattern, reason in (
        (
            r"Expected (?:a )?value of non-null type '(?P<type>[\w!\[\]]+)'",
            "a value of type '{type}' is required",
        ),
        (
            r"Expected variable '\$\w+' provided to (?:non-null )?type '(?P<type>[\w!\[\]]+)'",
            "a value of type '{type}' is required",
        ),
        (
            r"Expected value of type '(?P<type>\w+)' to include required field '(?P<field>\w+)'",
            "the field '{field}' of '{type}' is required",
        ),
        (
            r"Expected value of type '(?P<type>\w+)' not to include unknown field",
            "'{type}' has no such field",
        ),
        (
            r"(?:Within OneOf Input Object type|OneOf Input Object|Variable '\$\w+' is of type"
            r"|Expected variable '\$\w+' provided to field '\w+' for OneOf Input Object type"
            r"|Exactly one key must be specified for OneOf type) '(?P<type>\w+)'",
            "exactly one field of '{type}' must be given, and not as null",
        ),
        (
            r"Field '(?P<type>\w+)\.\w+' must be non-null",
            "exactly one field of '{type}' must be given, and not as null",
        ),
        (r"Expected value of type '\w+', found null", "null is not allowed; omit it instead"),
        (r"Expected value of type '(?P<type>[\w!\[\]]+)'", "expected a value of type '{type}'"),
        (r"Enum '(?P<type>\w+)' cannot represent", "expected a value of type '{type}'"),
        (r"Value cannot represent an? (?P<type>\w+)", "expected a value of type '{type}'"),
        (r"(?P<type>\w+) cannot represent", "expected a value of type '{type}'"),
        (r"Variable values are nested too deeply", "it is nested too deeply"),
    )
)
_ENUM = re.compile(r"' does not exist in '(?P<type>\w+)' enum\.$")


def of_coercion(error: GraphQLError, schema: GraphQLSchema) -> str | None:
    """What is wrong with a variable, an argument or a literal; None for any other error."""
    if _MISSING_ARGUMENT.match(error.message):
        return shortened(error.message)
    subject = _SUBJECT.match(error.message)
    if subject is None:
        return None
    at = f" at '{subject['at'].lstrip('.')}'" if subject["at"] else ""
    reason = _reason(error.message[subject.end() :], error, schema)
    return shortened(f"{subject['subject']} has an invalid {subject['kind']}{at}: {reason}.")


def of_literal(error: GraphQLError, schema: GraphQLSchema) -> str:
    """What is wrong with a value written in the document."""
    reason = _reason(error.message, error, schema)
    return shortened(reason[0].upper() + reason[1:] + ".")


def of_syntax(message: str) -> str:
    """A syntax error without the token or the characters that were found."""
    without_token = _TOKEN.sub(r"\1.", message)
    return shortened(re.split(r", did you mean|: (?:U\+|')", without_token)[0].rstrip(".") + ".")


def of_validation(message: str) -> str:
    return shortened(message.split(" Did you mean")[0])


def shortened(message: str) -> str:
    return message if len(message) <= LONGEST else message[:LONGEST] + "…"


def refusal_behind(error: BaseException | None) -> Refusal | None:
    """The refusal that GraphQL errors were wrapped around, if it is one."""
    while isinstance(error, GraphQLError):
        error = error.original_error
    return error if isinstance(error, Refusal) else None


def _reason(message: str, error: GraphQLError, schema: GraphQLSchema) -> str:
    refusal = refusal_behind(error)
    if refusal is not None:
        return str(refusal).rstrip(".")
    if enum := _ENUM.search(message):
        return _with_type("expected a value of type '{type}'", enum, schema)
    for pattern, reason in _REASONS:
        if match := pattern.match(message):
            return _with_type(reason, match, schema)
    return NOT_VALID


def _with_type(reason: str, match: re.Match[str], schema: GraphQLSchema) -> str:
    """Fill in a reason, once its type is known to be one of the schema's."""
    names = match.groupdict()
    if "type" not in names:
        return reason
    named = schema.get_type(names["type"].strip("[]!"))
    if named is None:
        return NOT_VALID
    return reason.format(**names) + _rule_of(named)


def _rule_of(named: GraphQLNamedType) -> str:
    """How a custom scalar describes its values; the specified ones speak for themselves."""
    is_custom = is_scalar_type(named) and named.name not in ("Int", "Float", "String", "ID")
    if not is_custom or named.name == "Boolean" or not named.description:
        return ""
    return f" ({named.description.rstrip('.')})"
