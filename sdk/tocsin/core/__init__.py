"""The pure part of Tocsin: words, rules and formats. No I/O, no clock, no randomness, no grpc."""
