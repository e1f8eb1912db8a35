"""Addresses: parse a URL, look up its host, and guard against private addresses.

Each name is looked up here, in a thread of its own, and given to libcurl with the request. libcurl
resolves names too, but a lookup that times out there blocks all its transfers.
"""

import asyncio
import errno
import ipaddress
import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from urllib.parse import quote, urljoin

import idna

from movie_posters_decade.io import require_descriptors
from movie_posters_decade.records import RejectReason, is_url

MAX_URL_LENGTH = 8192
"""The longest URL that is requested, in characters; few servers accept a longer one."""

CACHE_SECONDS = 300.0
"""How long the DNS cache keeps a name."""

_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<user>[^@/?#\\\[\]]*@)?"
    r"(?P<host>\[[0-9a-f:.]+\]|[^@:/?#\\\[\]%]+)(?::(?P<port>\d{0,5}))?(?P<rest>[/?].*)?",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_HOST_NAME = re.compile(r"(?=.{1,254}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
_NEVER_IN_A_URL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")
_KEPT_AS_WRITTEN = "!#$%&'()*+,/:;=?@[\\]^|~"
"""What is not percent-encoded, beside letters, digits and "-._": links are sent as written."""

_PORTS = {"http": 80, "https": 443}
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_IPV6_UNICAST = ipaddress.IPv6Network("2000::/3")

# What IANA's registries of special-purpose addresses list (iana-ipv4-special-registry and
# iana-ipv6-special-registry), and multicast. `is_global` differs between versions of Python.
_NOT_PUBLIC = [
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared, behind a carrier's NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "2001::/23",  # protocol assignments: Teredo, ORCHID and others
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which leads to any IPv4 address
        "3fff::/20",  # documentation
    )
]


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed URL: the text that is sent, and the parts that the guard and the proxy look at."""

    url: str  # as it was written, but for characters that no URL may hold
    scheme: str  # "http" or "https"
    host: str  # a name in ASCII, or an IP address without brackets
    port: int

    @property
    def origin(self) -> str:
        """The scheme, host and port, such as "https://example.com:8080"."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


def parse_url(url: str) -> Address | RejectReason:
    """Parse a URL, or return why it cannot be requested.

    This is the only parser: the guard, the proxy rules and libcurl all get what it found. It
    accepts no spelling of a host that another parser may read in another way.
    """
    url = url.strip()
    found = _SCHEME.match(url)
    if found and found[1].lower() not in _PORTS:
        return RejectReason.PRIVATE_ADDRESS
    parts = None if _NEVER_IN_A_URL.search(url) else _URL.fullmatch(url.partition("#")[0])
    if parts is None or len(url) > MAX_URL_LENGTH:
        return RejectReason.INVALID_URL
    scheme, host = parts["scheme"].lower(), _ascii_host(parts["host"])
    port = int(parts["port"] or _PORTS[scheme])
    if host is None or not 0 < port < 2**16:
        return RejectReason.INVALID_URL
    authority = f"{parts['user'] or ''}{f'[{host}]' if ':' in host else host}"
    authority += f":{port}" if parts["port"] else ""
    path = parts["rest"] or "/"
    path = path if path.startswith("/") else f"/{path}"
    return Address(f"{scheme}://{quote(authority + path, _KEPT_AS_WRITTEN)}", scheme, host, port)


def has_credentials(url: str) -> bool:
    """Return whether a URL names a user, and perhaps a password."""
    return "@" in re.split("[/?#]", url.partition("://")[2], maxsplit=1)[0]


def origin_of(url: str) -> str:
    """Return a URL's scheme, host and port; the whole text if it cannot be requested."""
    address = parse_url(url)
    return address.origin if isinstance(address, Address) else url


def redirect_target(address: Address, location: str) -> Address | RejectReason:
    """Return the target of a redirect, or why it is not followed."""
    location = location.strip()
    try:
        target = parse_url(location if is_url(location) else urljoin(address.url, location))
    except ValueError:
        return RejectReason.INVALID_URL
    if isinstance(target, Address) and (address.scheme, target.scheme) == ("https", "http"):
        return RejectReason.INSECURE_REDIRECT
    return target


def _ascii_host(host: str) -> str | None:
    """Return a host without brackets and in ASCII, or None if it is neither a name nor an IP.

    A host that ends in a number is an IPv4 address, as for browsers. Other spellings than four
    decimal numbers, such as "127.1" and "0x7f000001", are read differently by other software.
    """
    bare = host.removeprefix("[").removesuffix("]").lower()
    if not bare.isascii():
        try:
            bare = idna.encode(bare, uts46=True).decode()
        except UnicodeError:
            return None
    is_number = ":" in bare or _NUMBER.fullmatch(bare.rstrip(".").rpartition(".")[2])
    is_valid = is_address(bare) if is_number else _HOST_NAME.fullmatch(bare)
    return bare if is_valid else None


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
    addresses that lead to such an IPv4 address. Of IPv6, only global unicast addresses are public.

    Args:
        address: an IPv4 or IPv6 address, with or without a zone.

    Raises:
        ValueError: it is not an IP address.
    """
    parsed = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        is_nat64 = parsed in _NAT64
        embedded = ipaddress.IPv4Address(parsed.packed[-4:]) if is_nat64 else parsed.ipv4_mapped
        if embedded is None and parsed not in _IPV6_UNICAST:
            return False
        parsed = embedded or parsed
    return not any(parsed in network for network in _NOT_PUBLIC)


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


class Resolver:
    """DNS resolver of an event loop with a cache: host names to IP addresses, for many tasks.

    Args:
        timeout: of one lookup, in seconds.
        max_lookups: the largest number of lookups at a time.
    """

    def __init__(self, timeout: float, max_lookups: int) -> None:
        self._timeout = timeout
        self._lookups: dict[str, asyncio.Task[list[str]]] = {}
        self._slots = asyncio.Semaphore(max_lookups)

    async def addresses(self, host: str) -> list[str]:
        """Resolve a host name to its IP addresses.

        Raises:
            TimeoutError: the lookup takes too long.
            OSError: there is no such name, or no answer, or this machine is at fault.
            MemoryError: there is no memory for the lookup.
        """
        lookup = self._lookups.get(host)
        if lookup is None:
            lookup = self._lookups[host] = asyncio.create_task(self._look_up(host))
            # Nobody may be waiting any more when it fails.
            lookup.add_done_callback(lambda task: task.cancelled() or task.exception())
        # Other tasks may wait for the same lookup, so it continues if one of them stops.
        return await asyncio.shield(lookup)

    async def aclose(self) -> None:
        """Cancel all lookups."""
        lookups = list(self._lookups.values())
        for lookup in lookups:
            lookup.cancel()
        await asyncio.gather(*lookups, return_exceptions=True)

    async def _look_up(self, host: str) -> list[str]:
        seconds = 0.0
        try:
            await self._slots.acquire()
            async with asyncio.timeout(self._timeout):
                addresses = await _look_up_in_thread(host, self._slots.release)
            seconds = CACHE_SECONDS
        finally:
            asyncio.get_running_loop().call_later(seconds, self._lookups.pop, host, None)
        return addresses


async def _look_up_in_thread(host: str, release: Callable[[], None]) -> list[str]:
    """Resolve a name in a daemon thread, which does not keep the program from exiting.

    A lookup cannot be cancelled. It is released once its thread has ended, whoever still waits.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[list[str]] = loop.create_future()

    def look_up() -> None:
        finish: Callable[[], None]
        try:
            finish = partial(future.set_result, _system_addresses(host))
        except Exception as error:  # noqa: BLE001, it is raised where the lookup is awaited
            finish = partial(future.set_exception, error)
        with suppress(RuntimeError):  # the event loop may be closed by now
            loop.call_soon_threadsafe(release)
            loop.call_soon_threadsafe(lambda: None if future.cancelled() else finish())

    try:
        threading.Thread(target=look_up, name="lookup", daemon=True).start()
    except RuntimeError as error:  # a fault of this machine, not of the host
        raise OSError(errno.ENOMEM, f"{host} cannot be looked up: {error}") from error
    return await future


def _system_addresses(host: str) -> list[str]:
    try:
        answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno == socket.EAI_MEMORY:
            raise MemoryError(str(error)) from error
        require_descriptors()  # without one, the system reports a name that does not exist
        raise
    return [str(answer[4][0]) for answer in answers]


def curl_entry(address: Address, ips: list[str]) -> str:
    """Return an entry for libcurl's own DNS cache."""
    unscoped = (ip.partition("%")[0] for ip in ips)
    bracketed = (f"[{ip}]" if ":" in ip else ip for ip in unscoped)
    return f"{address.host}:{address.port}:{','.join(bracketed)}"
