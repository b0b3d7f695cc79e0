"""Each way a server fails has a type of its own, whichever package met it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from huggingface_hub import errors

from superscope.errors import (
    AccessRefusedError,
    NotFoundError,
    OfflineError,
    RemoteError,
    SuperscopeError,
    UnreachableError,
)
from superscope.heads import network

NAME = "owner/model"


def answered(status: int, kind: type[errors.HfHubHTTPError] = errors.HfHubHTTPError) -> Exception:
    response: Any = SimpleNamespace(status_code=status, headers={}, request=None)
    return kind("no", response=response)


class ConnectError(Exception):
    """Of httpx or httpx2, whichever huggingface_hub has."""


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (answered(401), AccessRefusedError),
        (answered(403, errors.GatedRepoError), AccessRefusedError),
        (answered(404, errors.RepositoryNotFoundError), NotFoundError),
        (answered(404, errors.RevisionNotFoundError), NotFoundError),
        (answered(404, errors.RemoteEntryNotFoundError), NotFoundError),
        (answered(418), RemoteError),
        (answered(429), UnreachableError),
        (answered(503), UnreachableError),
        (errors.OfflineModeIsEnabled(), OfflineError),
        (errors.LocalEntryNotFoundError("not cached"), UnreachableError),
        (ConnectError("no route"), UnreachableError),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)[:20]),
)
@pytest.mark.parametrize("wrapped", [False, True], ids=["bare", "wrapped"])
def test_what_the_hub_says_has_a_type(
    error: Exception, kind: type[SuperscopeError], wrapped: bool
) -> None:
    if wrapped:  # as transformers and datasets do
        outer = OSError("cannot load")
        outer.__cause__, error = error, outer
    told = network.hub_error(error, NAME, "v1")
    inner = error.__cause__ if wrapped else error
    # A file that a repository lacks is no news of the network where another error is raised.
    lacking = (errors.RemoteEntryNotFoundError, errors.HfHubHTTPError)
    if wrapped and type(inner) in lacking and kind in (NotFoundError, RemoteError):
        assert told is None
    else:
        assert type(told) is kind
        assert NAME in str(told)


def test_other_exceptions_are_none_of_the_networks() -> None:
    assert network.hub_error(ValueError("bad split"), NAME) is None


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (PermissionError("denied"), AccessRefusedError),
        (FileNotFoundError("none"), NotFoundError),
        (ConnectionResetError("dropped"), UnreachableError),
        (network.NoRangesError(), RemoteError),
        (network.WrongAnswerError("another range"), RemoteError),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_a_store_says_has_a_type(error: Exception, kind: type[SuperscopeError]) -> None:
    assert type(network.store_error(error, NAME)) is kind


def test_only_what_may_pass_is_tried_again(no_waits: None) -> None:
    def tries(kind: type[SuperscopeError]) -> int:
        count = 0

        def action() -> None:
            nonlocal count
            count += 1
            raise OSError

        with pytest.raises(kind):
            network.retried(action, lambda error: kind("no"))
        return count

    assert tries(UnreachableError) == 1 + len(network.RETRY_WAITS)
    assert tries(AccessRefusedError) == tries(NotFoundError) == tries(OfflineError) == 1


def test_a_time_out_is_tried_once_more_and_a_wait_that_is_asked_for_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(network.time, "sleep", waits.append)
    monkeypatch.setattr(network, "RETRY_WAITS", (0.5, 1.0))

    def failing(error: Exception) -> str:
        waits.clear()

        def action() -> None:
            raise error

        with pytest.raises(UnreachableError) as raised:
            network.retried(action, lambda error: network.store_error(error, NAME))
        return str(raised.value)

    assert "did not answer within 20 s" in failing(TimeoutError())
    assert waits == [0.5]
    busy = answered(429)
    busy.response.headers = {"Retry-After": "7"}  # type: ignore[attr-defined]
    failing(busy)
    assert waits == [7, 7]
    busy.response.headers = {"Retry-After": "3600"}  # type: ignore[attr-defined]
    assert "asks to try again in 1 h 0 min" in failing(busy)
    assert not waits
