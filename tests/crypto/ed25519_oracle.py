"""The signature rule in plain integers: what both libraries are measured against."""

from hashlib import sha512

from tocsin.crypto.edwards25519 import IDENTITY, L, P, Point, add, decode, multiply

_BASE = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
assert _BASE is not None
BASE: Point = _BASE


def same(one: Point, other: Point) -> bool:
    return (one[0] * other[2] - other[0] * one[2]) % P == 0 and (one[1] * other[2] - other[1] * one[2]) % P == 0


def is_low_order(point: Point) -> bool:
    return same(multiply(8, point), IDENTITY)


def accepts(public_key: bytes, data: bytes, signature: bytes) -> bool:
    """Canonical A and R, neither of low order; S < L; [S]B = R + [k]A."""
    key, commitment = decode(public_key), decode(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or s >= L or is_low_order(key) or is_low_order(commitment):
        return False
    k = int.from_bytes(sha512(signature[:32] + public_key + data).digest(), "little") % L
    return same(multiply(s, BASE), add(commitment, multiply(k, key)))
