"""Whether a point of edwards25519 is in the prime-order subgroup, in plain integers (RFC 8032 §5.1).

* For the offline verifier, which has no libsodium, and as a second opinion on libsodium's answer in the tests.
* For public keys only: its time depends on the point. One answer takes milliseconds; a key is asked about once.
"""

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, P) % P
_SQRT_M1 = pow(2, (P - 1) // 4, P)
_SIGN = 1 << 255

Point = tuple[int, int, int, int]
"""Extended coordinates (X, Y, Z, T): x = X/Z, y = Y/Z, x·y = T/Z."""

IDENTITY: Point = (0, 1, 1, 0)


def is_prime_order(encoded: bytes) -> bool:
    """Whether 32 bytes are the one encoding of a point whose order is L."""
    point = decode(encoded)
    return point is not None and not _is_identity(point) and _is_identity(multiply(L, point))


def decode(encoded: bytes) -> Point | None:
    """The point of a canonical encoding; ``None`` for any other bytes (RFC 8032 §5.1.3)."""
    number = int.from_bytes(encoded, "little")
    y, negative = number & ~_SIGN, bool(number & _SIGN)
    if len(encoded) != 32 or y >= P:
        return None
    u, v = (y * y - 1) % P, (_D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P != u:
        x = x * _SQRT_M1 % P
    if v * x * x % P != u or (x == 0 and negative):
        return None
    x = P - x if bool(x & 1) != negative else x
    return x, y, 1, x * y % P


def multiply(scalar: int, point: Point) -> Point:
    """``[scalar]point`` for a scalar of at least zero."""
    result = IDENTITY
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def add(one: Point, other: Point) -> Point:
    """The sum of two points; complete, so it doubles as well (RFC 8032 §5.1.4)."""
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c = 2 * one[3] * other[3] * _D % P
    d = 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _is_identity(point: Point) -> bool:
    return point[0] % P == 0 and (point[1] - point[2]) % P == 0
