"""Keys, signatures and sealing. Knows the core, no network and no disk but the key file."""
