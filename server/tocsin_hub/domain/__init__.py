"""What the hub decides: pure functions and plain state, no I/O and no clock."""
