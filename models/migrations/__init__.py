"""The steps by which a city's database came to its present shape, one file a revision."""
