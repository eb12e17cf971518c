"""A carrier on the bus that blocks domains in its resolvers."""
