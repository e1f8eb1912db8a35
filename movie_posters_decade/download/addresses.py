"""Links and addresses: which are on the network, and public there. Pure functions of a text."""

import ipaddress
import re
import socket
from contextlib import suppress
from functools import lru_cache

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


# Old site-local addresses, relays for 6to4, and addresses for documentation.
_NOT_PUBLIC_EITHER = [
    ipaddress.ip_network(network) for network in ("fec0::/10", "192.88.99.0/24", "3fff::/20")
]


def is_url(link: str) -> bool:
    """Say whether a link starts with a scheme, and so is no path; "C:" is a drive."""
    return re.match(r"[a-z][a-z0-9+.-]+:", link, re.IGNORECASE) is not None


def lower_scheme(url: str) -> str:
    """Return a URL with its scheme in lower case, as other libraries expect it."""
    scheme, colon, rest = url.partition(":")
    return f"{scheme.lower()}{colon}{rest}"


@lru_cache
def is_address(host: str) -> bool:
    """Say whether a URL's host is an IP address, and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_public(address: str) -> bool:
    """Say whether an IP address is one that anybody on the internet could reach.

    Loopback, private, link-local, multicast and reserved addresses are not, nor are IPv6
    addresses that stand for such an IPv4 address.

    Args:
        address: an IPv4 or IPv6 address, with or without a zone.

    Raises:
        ValueError: it is no IP address.
    """
    parsed = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        embedded = _embedded_ipv4(parsed)
        if embedded is not None:
            parsed = embedded
    if any(parsed in network for network in _NOT_PUBLIC_EITHER):
        return False
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved


def is_public_name(host: str) -> bool:
    """Say whether a URL's host may be asked for by a proxy, which alone looks names up.

    Args:
        host: a name, or an address without brackets.
    """
    name = host.rstrip(".").lower()
    with suppress(OSError, ValueError):
        # "127.1" and "2130706433" are 127.0.0.1 to many a resolver.
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
