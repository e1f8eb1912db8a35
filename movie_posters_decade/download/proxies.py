"""Proxies: which one a request goes through, and texts without their passwords."""

import re
import urllib.request
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from movie_posters_decade.download.addresses import Address
from movie_posters_decade.errors import NetworkError

_PROXY = re.compile(
    r"(?:https?|socks4a|socks5h)://(?:[^@/\s]*@)?(?:\[[0-9a-f:]+\]|[^@:/\[\]\s]+)(?::\d+)?/?",
    re.IGNORECASE,
)
_REMOTE_DNS = {"socks4": "socks4a", "socks5": "socks5h"}
"""SOCKS proxies, and libcurl's names for them when they resolve host names themselves."""


class Proxies:
    """The proxies of the environment, or others that override them.

    Args:
        given: proxies by scheme, such as "http".
    """

    def __init__(self, given: Mapping[str, str] | None = None) -> None:
        self._given = given or {}
        proxies = {**urllib.request.getproxies(), **self._given}
        self._proxies = {scheme: _with_scheme(proxy) for scheme, proxy in proxies.items()}
        self._secrets = sorted(_secrets(self._proxies.values()), key=len, reverse=True)

    def proxy_for(self, address: Address) -> str | None:
        """Return the URL of the proxy for an address, or None.

        Raises:
            NetworkError: it is no HTTP or SOCKS proxy.
        """
        if address.scheme not in self._given and (
            not self._proxies or urllib.request.proxy_bypass(address.host)
        ):
            return None
        proxy = self._proxies.get(address.scheme) or self._proxies.get("all")
        if proxy and not _PROXY.fullmatch(proxy):
            raise NetworkError(
                f"{self.redact(proxy)}: expected an HTTP or SOCKS proxy for {address.scheme}; "
                "found another kind. Set the environment variable to an http:// address, or "
                f"NO_PROXY to {address.host}."
            )
        return proxy

    def redact(self, text: str) -> str:
        """Return a text without the users and passwords of the proxies."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def _secrets(proxies: Iterable[str]) -> set[str]:
    """Return the users with passwords, and the passwords, in URLs of proxies."""
    found = set()
    for proxy in proxies:
        # The last "@" ends them, as a password may hold others.
        user_and_password, at, _ = proxy.partition("://")[2].rpartition("@")
        password = user_and_password.partition(":")[2]
        some = {user_and_password, password} if at else set()
        found |= some | {unquote(secret) for secret in some}
    return found - {""}


def _with_scheme(proxy: str) -> str:
    """Return a proxy's URL with a scheme; without one it means http, as for other clients."""
    scheme, colon, rest = proxy.rpartition("://")
    return f"{_REMOTE_DNS.get(scheme.lower(), scheme)}{colon}{rest}" if colon else f"http://{proxy}"
