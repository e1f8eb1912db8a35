"""What a try may do, decided without one."""

import pytest
from yarl import URL

from movie_posters_decade.limits import USER_AGENT, user_agent
from movie_posters_decade.transport import redirected


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
