"""Where a try may lead, and whom it trusts."""

import asyncio
import errno
import io
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from horrors import HorrorHost, redirect, serve_horrors
from yarl import URL

from movie_posters_decade.funnel import Reason
from movie_posters_decade.limits import USER_AGENT, Limits, user_agent
from movie_posters_decade.outcomes import Answer
from movie_posters_decade.patience import Patience
from movie_posters_decade.transport import Transport, redirected


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def host(authority: trustme.CA) -> Iterator[HorrorHost]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with serve_horrors(tls) as host:
        host.horrors["/a"] = lambda visit: visit.answer(b"content")
        yield host


@pytest.fixture
def known(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "known.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "known.pem"))


def get(url: str) -> tuple[Answer, bytes]:
    async def run() -> tuple[Answer, bytes]:
        body = io.BytesIO()
        async with Transport(Limits(allow_private_hosts=True), Patience()) as transport:
            return await transport.get(url, body), body.getvalue()

    return asyncio.run(run())


@pytest.mark.usefixtures("known")
def test_host_is_trusted_whose_certificate_is_known(host: HorrorHost) -> None:
    assert get(f"{host.url}/a") == (Answer(f"{host.url}/a", status=200), b"content")


def test_host_is_not_trusted_whose_certificate_is_unknown(host: HorrorHost) -> None:
    url = f"{host.url}/a"
    answer, content = get(url)
    assert (answer, content) == (Answer(url, Reason.UNREACHABLE, is_passing=False), b"")
    assert "certificate" in answer.detail
    assert host.visits.total() == 0


def test_content_that_cannot_be_written_is_no_fault_of_the_hosts() -> None:
    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, "no space left")

    async def run(url: str) -> None:
        async with Transport(Limits(allow_private_hosts=True), Patience()) as transport:
            await transport.get(url, Full())

    with serve_horrors() as host:
        host.horrors["/a"] = lambda visit: visit.answer(b"content")
        with pytest.raises(OSError, match="no space left"):
            asyncio.run(run(f"{host.url}/a"))


@pytest.mark.usefixtures("known")
def test_what_was_safe_stays_safe(host: HorrorHost) -> None:
    with serve_horrors() as unsafe:
        unsafe.horrors["/a"] = host.horrors["/a"]
        host.horrors["/unsafe"] = redirect(f"{unsafe.url}/a")
        answer, content = get(f"{host.url}/unsafe")
    assert answer == Answer(f"{host.url}/unsafe", Reason.FORBIDDEN_ADDRESS, 302)
    assert content == b""
    assert unsafe.visits.total() == 0


@pytest.mark.parametrize(
    ("url", "location", "target"),
    [
        ("http://a/b/c.jpg", "d.jpg", "http://a/b/d.jpg"),
        ("http://a/b", "/c", "http://a/c"),
        ("http://a/b", "https://c/d", "https://c/d"),
        ("https://a/b", "//c/d", "https://c/d"),
        ("https://a/b", "http://c/d", None),
        ("https://a/b", "HTTP://a/b", None),
    ],
)
def test_redirect_never_leads_from_https_to_http(
    url: str, location: str, target: str | None
) -> None:
    assert redirected(URL(url), location) == (None if target is None else URL(target))


@pytest.mark.parametrize(
    ("own", "name"),
    [
        (None, USER_AGENT),
        ("", USER_AGENT),
        ("my-lab/1.0", "my-lab/1.0"),
        ({"my-lab": "1.0", "study": "2"}, "my-lab/1.0; study/2"),
    ],
)
def test_client_goes_by_the_users_own_name(own: str | dict[str, str] | None, name: str) -> None:
    assert user_agent(own) == name
