"""Access to the Hub: each way in which a push is not possible has its own message."""

import json

import pytest
from push_process import REPO_ID, PushProcess, commit_card, file_paths
from servers.hub import LoopbackHub
from servers.hub_repositories import Repository

from movie_posters_decade.errors import HubUnreachableError, OptionError
from movie_posters_decade.hub.push import COPYRIGHT_REMINDER, check_access


def test_card_of_another_dataset_is_not_replaced(
    hub: LoopbackHub, push_process: PushProcess
) -> None:
    hub.repositories[REPO_ID] = Repository(private=True)
    commit_card(hub.repositories[REPO_ID], b"# Mine")
    assert push_process.push().error_message == (
        f"{REPO_ID}: expected a repository for this dataset alone; found one with another "
        "card, which a push would replace. Name another repository."
    )
    assert file_paths(hub.repositories[REPO_ID]) == {"README.md"}


def test_public_needs_the_flag_and_prints_the_copyright_reminder(
    hub: LoopbackHub, push_process: PushProcess
) -> None:
    result = push_process.push("--public", "--json")
    assert not hub.repositories[REPO_ID].private
    assert json.loads(result.check())["url"] == f"{hub.url}/datasets/{REPO_ID}"
    assert result.stderr.endswith(f"{COPYRIGHT_REMINDER}\n")


def test_visibility_of_an_existing_repository_must_match(
    hub: LoopbackHub, push_process: PushProcess
) -> None:
    hub.repositories[REPO_ID] = Repository(private=False)
    assert push_process.push().error_message == (
        f"{REPO_ID}: expected a private repository; found a public one. "
        "Change that in its settings on the Hub, add --public (public=True), or name another "
        "repository."
    )
    hub.repositories[REPO_ID].private = True
    assert push_process.push("--public").error_message == (
        f"{REPO_ID}: expected a public repository; found a private one. "
        "Change that in its settings on the Hub, leave out --public, or name another repository."
    )


def test_missing_token_is_an_error(hub: LoopbackHub, push_process: PushProcess) -> None:
    assert push_process.push(HF_TOKEN="").error_message == (
        f"The Hub at {hub.url}: expected a token that may write; found none. Log in with "
        "`hf auth login`, or set HF_TOKEN."
    )


def test_wrong_token_is_an_error(hub: LoopbackHub, push_process: PushProcess) -> None:
    result = push_process.push(HF_TOKEN="hf_wrong")  # noqa: S106
    assert result.error_message == (
        f"The Hub at {hub.url}: expected a valid token; found one that it rejects. Log in again "
        "with `hf auth login`, or set HF_TOKEN."
    )


def test_token_with_special_characters_is_an_error(
    hub: LoopbackHub, push_process: PushProcess
) -> None:
    result = push_process.push(HF_TOKEN="hf_\u0142")  # noqa: S106
    assert result.error_message == (
        f"The Hub at {hub.url}: expected a token of plain letters and digits; found other "
        "characters. Log in again with `hf auth login`, or set HF_TOKEN."
    )


@pytest.mark.usefixtures("hub")
def test_owner_other_than_the_tokens_is_an_error(push_process: PushProcess) -> None:
    result = push_process.push("--repo-id", "someone/posters")
    assert result.error_message == (
        "someone/posters: expected a token that may write there; found one that may not. Name an "
        "owner that it belongs to, or use a token with write access."
    )


def test_unreachable_hub_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(HubUnreachableError) as error:
        check_access(REPO_ID, token="hf_loopback")  # noqa: S106
    message = str(error.value)
    assert message.startswith("The Hub at http://127.0.0.1:9: cannot be reached: ")
    assert message.endswith(
        f"Push again later. Files that {REPO_ID} already has are not uploaded again."
    )


@pytest.mark.parametrize("repo_id", ["posters", "you/", "/posters", "a/b/c", "you/my posters"])
def test_repository_without_owner_is_an_error_before_the_build(repo_id: str) -> None:
    with pytest.raises(OptionError) as error:
        check_access(repo_id)
    assert str(error.value) == (
        f"{repo_id}: expected a repository with its owner, as in you/movie_posters_decade; found "
        "another form. Write the owner, a slash, and the name."
    )
