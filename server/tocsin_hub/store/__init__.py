"""Where the hub keeps what it accepted. ``base`` is the contract; only ``tocsin_hub.app`` names an implementation."""
