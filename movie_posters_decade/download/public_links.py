"""Public links: which links of a catalogue may be sent to a public archive."""

from urllib.parse import parse_qsl, urlsplit

from movie_posters_decade.download.addresses import Address, is_public_name, parse_url

RESERVED_DOMAINS = frozenset({"example", "invalid", "local", "localhost", "test"})
"""Top-level domains that are nobody's on the internet (RFC 2606, RFC 6762)."""

SECRETS = frozenset(
    {
        "access_token",
        "api_key",
        "key",
        "password",
        "sig",
        "signature",
        "token",
        "x-amz-signature",
        "x-goog-signature",
    }
)
"""Names in the query of a link that is meant for its owner alone, in lower case."""


def public_url(link: str) -> str | None:
    """Return a link as it is requested; None if no public archive can or should hold it.

    Paths are not sent, nor are links to addresses that are not public, to local or reserved names,
    with a password, or with a secret in the query.
    """
    address = parse_url(link)
    if not isinstance(address, Address) or not is_public_name(address.host):
        return None
    is_public = _is_public_domain(address.host) and not _has_secret(address.url)
    return address.url if is_public else None


def _is_public_domain(host: str) -> bool:
    _, dot, last = host.rstrip(".").lower().rpartition(".")
    return bool(dot) and last not in RESERVED_DOMAINS


def _has_secret(url: str) -> bool:
    parts = urlsplit(url)
    names = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    return "@" in parts.netloc or not SECRETS.isdisjoint(names)
