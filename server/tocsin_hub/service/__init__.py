"""What the hub does, one use case per file. No grpc here: ``rpc`` calls in, the store is behind ``store.base``."""
