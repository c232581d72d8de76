import typer

from graph.cli.outcome import Failure
from graph.graphiql import assets


def graphiql() -> None:
    """Fetch the files of the GraphiQL page with npm, where the installation could not.

    Example: headcount graphiql
    """
    try:
        fetched = assets.fetch()
    except assets.FetchError as reason:
        raise Failure(f"GraphiQL could not be fetched: {reason}.") from None
    typer.echo("GraphiQL is ready." if fetched else "GraphiQL is complete already.")
