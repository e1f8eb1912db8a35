"""Public links: those that somebody else, such as an archive, can have requested."""

from movie_posters_decade.download.addresses import Address, is_public_name, parse_url


def public_url(link: str) -> str | None:
    """Return a link as it is requested; None if no public archive can hold it.

    Such as paths, addresses that are not public, local or invalid names, and links with passwords.
    """
    address = parse_url(link)
    if not isinstance(address, Address) or not is_public_name(address.host):
        return None
    has_user = "@" in address.url.partition("://")[2].partition("/")[0]
    is_name = "." in address.host and not address.host.endswith(".invalid")
    return address.url if is_name and not has_user else None
