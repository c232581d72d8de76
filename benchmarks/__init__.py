"""How fast the product is beside others that answer the same questions. Run by `make bench`."""
