"""Links and addresses: which links are URLs, and which addresses are public."""

import pytest

from movie_posters_decade.download.addresses import is_address, is_public, is_public_name
from movie_posters_decade.records import is_url, lower_scheme


@pytest.mark.parametrize(
    ("link", "expected"),
    [("http://a/b", True), ("file:x", True), ("a/b.jpg", False), ("/a", False), ("C:\\a", False)],
)
def test_url_starts_with_a_scheme(link: str, expected: bool) -> None:
    assert is_url(link) is expected


@pytest.mark.parametrize("address", ["8.8.8.8", "2a00:1450:4001::1", "::ffff:8.8.8.8"])
def test_address_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",  # noqa: S104
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "64:ff9b::10.0.0.1",
        "2002:7f00:1::",
        "2001:0:0:0:0:0:80ff:fffe",
        "fec0::1",
        "192.88.99.1",
        "3fff::1",
    ],
)
def test_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("example.com", True),
        ("8.8.8.8", True),
        ("10.0.0.1", False),
        ("localhost", False),
        ("a.localhost.", False),
        ("127.0.0.1.", False),
        ("127.1", False),
        ("2130706433", False),
        ("0x7f.1", False),
        ("0", False),
        ("ip6-localhost", False),
    ],
)
def test_private_names_may_not_be_requested_through_a_proxy(host: str, expected: bool) -> None:
    assert is_public_name(host) is expected


@pytest.mark.parametrize(
    ("host", "expected"), [("1.2.3.4", True), ("::1", True), ("a.example", False), ("", False)]
)
def test_host_is_an_address_or_a_name(host: str, expected: bool) -> None:
    assert is_address(host) is expected


def test_only_the_scheme_is_put_in_lower_case() -> None:
    assert lower_scheme("HTTP://Host/A.jpg") == "http://Host/A.jpg"
