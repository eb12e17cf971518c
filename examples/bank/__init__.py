"""The bank kit: a small ledger, the orders carried out on it, and the program that runs both."""
