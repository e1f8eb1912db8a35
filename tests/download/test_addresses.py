"""Links and addresses: how a URL is parsed, and which addresses are public."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_posters_decade.download.addresses import (
    MAX_URL_LENGTH,
    Address,
    is_address,
    is_public,
    is_public_name,
    parse_url,
)
from movie_posters_decade.records import RejectReason, is_url, lower_scheme


@pytest.mark.parametrize(
    ("url", "sent", "host", "port"),
    [
        ("http://a.example", "http://a.example/", "a.example", 80),
        ("HTTPS://A.Example:8443/B", "https://a.example:8443/B", "a.example", 8443),
        ("http://a.example:/b", "http://a.example/b", "a.example", 80),
        ("http://a.example?b=c#d", "http://a.example/?b=c", "a.example", 80),
        ("http://[2001:DB8::1]:81/a", "http://[2001:db8::1]:81/a", "2001:db8::1", 81),
        ("http://me:word@a.example/b", "http://me:word@a.example/b", "a.example", 80),
        ("http://bücher.example/ä", "http://xn--bcher-kva.example/%C3%A4", None, 80),
        ("http://a.example/b c", "http://a.example/b%20c", "a.example", 80),
        ("http://a.example/100%.jpg", "http://a.example/100%.jpg", "a.example", 80),
        ("http://-a_b.example/c", "http://-a_b.example/c", "-a_b.example", 80),
    ],
)
def test_url_is_parsed(url: str, sent: str, host: str | None, port: int) -> None:
    address = parse_url(url)
    assert isinstance(address, Address)
    assert (address.url, address.port) == (sent, port)
    assert address.host == host or host is None


@pytest.mark.parametrize(
    "rest",
    [
        "a%2Fb%3A%28%27%40%7e.jpg?signature=a%2Bb%3D%3d&x=(y)'z",
        "a/../b/./c//d",
        "M/MV5BMDU@._V1_UX182_CR0,0,182,268_AL_.jpg",
        "a|b^c[d]",
    ],
)
def test_url_is_sent_as_it_is_written(rest: str) -> None:
    address = parse_url(f"http://a.example/{rest}")
    assert isinstance(address, Address)
    assert address.url == f"http://a.example/{rest}"


@pytest.mark.parametrize(
    "url",
    [
        "http://",
        "http:///a",
        "http:/a",
        "http:a.example",
        "http://[::1",
        "http://[]@",
        "http://[a.example]/",
        "http://a@b@c/",
        "http://a b/",
        "http://a..b/",
        "http://a.example:99999/",
        "http://a.example:0/",
        "http://127%2e0.0.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://127.0.0.1./",
        "http://1.2.3.4.5/",
        "http://256.1.1.1/",
        "http://a.example.1/",
        "http://\uff11\uff12\uff17.1/",
        "http://a.example\\@b.example/",
        "http://a.example/\0",
        "http://a.example/\nb",
        "http://a.example/\ud800",
        f"http://{300 * 'a'}/",
        f"http://a.example/{MAX_URL_LENGTH * 'a'}",
    ],
)
def test_text_that_is_no_url_is_invalid(url: str) -> None:
    assert parse_url(url) is RejectReason.INVALID_URL


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://a/b", "data:,a", "javascript:x"])
def test_other_schemes_are_not_requested(url: str) -> None:
    assert parse_url(url) is RejectReason.PRIVATE_ADDRESS


@settings(deadline=None)
@given(st.one_of(st.text(), st.text().map("http://{}".format), st.text().map("http://a/{}".format)))
def test_any_text_is_parsed_or_refused_and_a_parsed_one_stays_the_same(text: str) -> None:
    address = parse_url(text)
    if isinstance(address, Address):
        assert address.url.isascii()
        assert parse_url(address.url) == address


@pytest.mark.parametrize(
    ("link", "expected"),
    [("http://a/b", True), ("file:x", True), ("a/b.jpg", False), ("/a", False), ("C:\\a", False)],
)
def test_url_starts_with_a_scheme(link: str, expected: bool) -> None:
    assert is_url(link) is expected


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "1.1.1.1",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.0.3.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2a00:1450:4001::1",
        "2001:200::1",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
    ],
)
def test_address_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104
        "0.255.255.255",
        "10.1.2.3",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.8",
        "192.0.0.9",
        "192.0.0.170",
        "192.0.0.255",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::8.8.8.8",  # IPv4-compatible
        "::ffff:127.0.0.1",
        "::ffff:192.0.0.1",
        "::ffff:0:8.8.8.8",  # IPv4-translated
        "64:ff9b::10.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::192.0.0.1",
        "64:ff9b:1::8.8.8.8",
        "100::1",
        "100:0:0:1::1",
        "2001::1",  # Teredo, whatever it leads to
        "2001:0:808:808::f7f7:f7f7",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:30::1",
        "2001:1ff:ffff::1",
        "2001:db8::1",
        "2002:808:808::1",  # 6to4, whatever it leads to
        "2002:7f00:1::",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fdff::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
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
