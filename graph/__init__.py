"""What the outside sees: the GraphQL schema, HTTP, signing in and the command."""
