"""The hub's side of the log: the growing tree, proofs from stored nodes, the signer, the anchor against rollback."""
