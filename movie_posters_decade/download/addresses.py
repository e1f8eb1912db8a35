"""Private-address guard: which IP addresses and host names are public. Pure functions."""

import ipaddress
import socket
from contextlib import suppress
from functools import lru_cache

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

# Old site-local addresses, 6to4 relays, and addresses for documentation, which `is_global` misses.
_ALSO_PRIVATE = [
    ipaddress.ip_network(network) for network in ("fec0::/10", "192.88.99.0/24", "3fff::/20")
]


@lru_cache
def is_address(host: str) -> bool:
    """Return whether a URL's host is an IP address and not a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_public(address: str) -> bool:
    """Return whether an IP address is public, so that anybody on the internet can reach it.

    Loopback, private, link-local, multicast and reserved addresses are not public, nor are IPv6
    addresses that stand for such an IPv4 address.

    Args:
        address: an IPv4 or IPv6 address, with or without a zone.

    Raises:
        ValueError: it is not an IP address.
    """
    parsed = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        parsed = _embedded_ipv4(parsed) or parsed
    if any(parsed in network for network in _ALSO_PRIVATE):
        return False
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved


def is_public_name(host: str) -> bool:
    """Return whether a URL's host may be requested through a proxy, which resolves the name.

    Args:
        host: a name, or an address without brackets.
    """
    name = host.rstrip(".").lower()
    with suppress(OSError, ValueError):
        # Many resolvers read "127.1" and "2130706433" as 127.0.0.1.
        name = socket.inet_ntoa(socket.inet_aton(name))
    try:
        return is_public(name)
    except ValueError:
        return name.rsplit(".", 1)[-1] not in {"localhost", "ip6-localhost", "ip6-loopback"}


def _embedded_ipv4(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _NAT64:
        return ipaddress.IPv4Address(address.packed[-4:])
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
