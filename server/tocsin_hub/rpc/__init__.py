"""The hub's network edge: thin servicers over ``service``. Every rpc is denied unless the policy has a row for it."""
