"""GraphQL types by noun. Each has an `of` that makes it from what a resolver answered."""
