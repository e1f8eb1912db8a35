"""Links and addresses: which are on the network, and public there. Pure functions of a text."""

import ipaddress
import re

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_url(link: str) -> bool:
    """Say whether a link starts with a scheme, and so is no path; "C:" is a drive."""
    return re.match(r"[a-z][a-z0-9+.-]+:", link, re.IGNORECASE) is not None


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
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved


def is_public_name(host: str) -> bool:
    """Say whether a URL's host may be asked for by a proxy, which alone looks names up.

    Args:
        host: a name, or an address without brackets.
    """
    try:
        return is_public(host)
    except ValueError:
        return host.rstrip(".").rsplit(".", 1)[-1].lower() != "localhost"


def _embedded_ipv4(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _NAT64:
        return ipaddress.IPv4Address(address.packed[-4:])
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
