"""Where a bus is: its name and its network addresses.

* A bus name is a SPIFFE trust domain (SPIFFE-ID §2.1, without underscores): it stands in certificates, in the log's
  origin and, as audience, in every message. It fits an X.509 common name.
* An address is written ``host:port``, an IPv6 host in brackets.
"""

import ipaddress
import re

from tocsin.core.errors import Reason, error

MAX_BUS_NAME = 64
"""Characters; RFC 5280 appendix A.1, ub-common-name."""

MAX_HOST = 253
"""Characters of a DNS name, RFC 1035 §2.3.4 without the root's dot."""

_BUS = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_PORT = re.compile(r"0|[1-9][0-9]{0,4}")


def bus_name(text: str, *, field: str = "bus") -> str:
    """``text`` as a bus name.

    Raises:
        Malformed: FIELD_INVALID.
    """
    if len(text) > MAX_BUS_NAME or not _BUS.fullmatch(text):
        raise error(
            Reason.FIELD_INVALID,
            field=field,
            rule="1 to 64 lower-case letters, digits, dots and hyphens, such as tocsin.example",
        )
    return text


def host(text: str, *, field: str) -> str:
    """``text`` as a DNS name or an IP address without brackets.

    Raises:
        Malformed: FIELD_INVALID.
    """
    if not (is_ip(text) or _is_dns_name(text)):
        raise error(Reason.FIELD_INVALID, field=field, rule="a DNS name or an IP address")
    return text


def host_port(text: str, *, field: str) -> tuple[str, int]:
    """Host (without brackets) and port of an address.

    Raises:
        Malformed: FIELD_INVALID.
    """
    name, _, port = text.rpartition(":")
    bracketed = name.startswith("[") and name.endswith("]")
    bare = name[1:-1] if bracketed else name
    good_host = _is_ip(bare, 6) if bracketed else _is_ip(bare, 4) or _is_dns_name(bare)
    if not good_host or not _PORT.fullmatch(port) or int(port) > 0xFFFF:
        raise error(Reason.FIELD_INVALID, field=field, rule="host:port, such as hub.example:7443 or [2001:db8::1]:7443")
    return bare, int(port)


def join_host_port(name: str, port: int) -> str:
    """The address of ``name``, given without brackets, and ``port``."""
    return f"[{name}]:{port}" if ":" in name else f"{name}:{port}"


def is_ip(text: str) -> bool:
    """Whether ``text`` is an IP address, without brackets or zone."""
    return _is_ip(text, 4) or _is_ip(text, 6)


def _is_ip(text: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(text).version == version and "%" not in text
    except ValueError:
        return False


def _is_dns_name(text: str) -> bool:
    labels = text.split(".")
    # A last label of digits alone is a mistyped IP address (RFC 3696 §2).
    return len(text) <= MAX_HOST and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit()
