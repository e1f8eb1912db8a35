"""Proxies: from the environment or given, over HTTP or SOCKS, and the private-address guard."""

import pytest
from downloads import ODD_HOSTS, POSTER, download
from servers.faulty import FaultyHost, redirect
from servers.socks import serve_socks

from movie_posters_decade.download import Limits
from movie_posters_decade.download.proxies import Proxies
from movie_posters_decade.errors import DownloadError
from movie_posters_decade.records import RejectReason

URL = "http://public.example/a"
"""A link to a public host that only the proxy knows."""


def test_redirect_to_a_private_address_is_not_followed(host: FaultyHost) -> None:
    targets = {
        "http://public.example/a": "http://10.0.0.1/good",
        "http://public.example/b": "http://localhost/good",
    }
    host.handlers |= {url: redirect(target) for url, target in targets.items()}
    for result in download(list(targets), limits=Limits(proxies={"http": host.url})):
        assert result.reason is RejectReason.PRIVATE_ADDRESS
        assert result.final_url == targets[result.url]
    assert host.requests.total() == 2


@pytest.mark.parametrize(
    "url",
    [*ODD_HOSTS, "http://xn--/good"],
)
def test_host_in_an_odd_spelling_does_not_pass_the_guard(host: FaultyHost, url: str) -> None:
    """The proxy could read it as another host than the guard does."""
    limits = Limits(proxies={"http": host.url})
    [result] = download([url], limits=limits)
    assert result.reason in {
        RejectReason.INVALID_URL,
        RejectReason.PRIVATE_ADDRESS,
        RejectReason.NOT_FOUND,
    }
    assert not any(requested.endswith("127.0.0.1/good") for requested in host.requests)
    host.handlers[URL] = redirect(url)
    [result] = download([URL], limits=limits)
    assert result.reason is not None
    assert not any("127.0.0.1/good" in requested for requested in host.requests)


def test_proxy_of_the_environment_is_used(
    host: FaultyHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", host.url)
    host.handlers[URL] = host.handlers["/good"]
    [result] = download([URL], limits=Limits())
    assert result.reason is None
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    [result] = download([f"{host.url}/good"])
    assert result.reason is None
    assert host.requests["/good"] == 1


def test_proxy_without_a_scheme_is_an_http_proxy(
    host: FaultyHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", host.url.removeprefix("http://"))
    host.handlers[URL] = host.handlers["/good"]
    [result] = download([URL], limits=Limits())
    assert result.reason is None


def test_socks_proxy_resolves_the_host_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_socks(POSTER) as proxy_url:
        monkeypatch.setenv("ALL_PROXY", proxy_url)
        [result] = download([URL])
    assert result.reason is None


@pytest.mark.parametrize("proxy", ["http://:80", "http://a b:80", "http://[::1", "http://a:b"])
def test_proxy_that_is_no_url_is_an_error(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    with pytest.raises(DownloadError, match="expected an HTTP or SOCKS proxy for http"):
        download([URL])


def test_proxy_of_another_kind_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "ftp://127.0.0.1:1080")
    with pytest.raises(DownloadError) as error:
        download([URL])
    assert str(error.value) == (
        "ftp://127.0.0.1:1080: expected an HTTP or SOCKS proxy for http; found another kind. Set "
        "the environment variable to an http:// address, or NO_PROXY to public.example."
    )


SECRETS = ["secret", "s%40cret", "s@cret"]
"""A password, and one with an at sign as a URL has it and as it is."""


@pytest.mark.parametrize(
    "proxy",
    [
        "ftp://me:secret@127.0.0.1:1080",
        "me:secret@127.0.0.1:0x",
        "http://me:s@cret@127.0.0.1:80",
        "http://me:s/ecret@127.0.0.1:80",
        "http://me:secret@",
    ],
)
def test_password_of_a_proxy_that_is_refused_is_not_told(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(DownloadError) as error:
        download([URL])
    assert "expected an HTTP or SOCKS proxy" in str(error.value)
    assert "cret" not in str(error.value)


@pytest.mark.parametrize("variable", ["http_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(
    "proxy",
    [
        "http://me:secret@127.0.0.1:1",
        "http://me:s%40cret@proxy.invalid:80",
        "socks5://me:secret@127.0.0.1:1",
        "me:secret@127.0.0.1:1",
    ],
)
def test_password_of_a_proxy_that_fails_is_neither_told_nor_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, variable: str, proxy: str
) -> None:
    monkeypatch.setenv(variable, proxy)
    [result] = download([URL])
    assert result.reason in {RejectReason.CONNECTION_ERROR, RejectReason.TIMEOUT}
    told = f"{result} {caplog.text}"
    assert not any(secret in told for secret in SECRETS)


def test_texts_lose_users_and_passwords() -> None:
    proxies = Proxies({"http": "http://me:s%40cret@a.example:80", "https": "you:other@b.example"})
    text = "no route to http://me:s%40cret@a.example, me:s@cret, s@cret; you:other@b.example"
    assert proxies.redact(text) == "no route to http://***@a.example, ***, ***; ***@b.example"
