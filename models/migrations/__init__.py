"""How the tables came to be. Written by `tortoise makemigrations`, completed by hand."""
