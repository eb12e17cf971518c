"""A party on the bus: its identity, durable file, connection and handlers."""
