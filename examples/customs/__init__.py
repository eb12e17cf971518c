"""A customs office that checks a flight's manifest against a watchlist of the police."""
