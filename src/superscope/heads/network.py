"""Turn the network errors of other packages into errors of superscope.

Stores are read through fsspec; the hub through huggingface_hub, transformers or datasets. Each
has its own exceptions. Only this module knows them: the rest of superscope uses its own types.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import TypeVar

from superscope.errors import (
    AccessRefusedError,
    NotFoundError,
    OfflineError,
    RemoteError,
    SuperscopeError,
    UnreachableError,
)
from superscope.text import duration

RETRY_WAITS = (0.5, 1.0, 2.0, 4.0)  # seconds before each further try; tests change it
TIMEOUT = 20.0  # seconds that a server may be silent; tests change it
LONGEST_WAIT = 60.0  # seconds: with a longer Retry-After, the request is not repeated

T = TypeVar("T")

# Exceptions of requests, httpx, aiohttp and urllib3 for a server that did not answer. They are
# compared by name, because not all of these packages are installed.
_NO_ANSWER = {
    "ClientConnectorError", "ConnectError", "ConnectTimeout", "ConnectionError", "MaxRetryError",
    "LocalEntryNotFoundError", "ReadTimeout",
}  # fmt: skip
_MISCONFIGURED = ("NoCredentialsError", "InvalidURL", "InvalidUrlClientError")


class WrongAnswerError(Exception):
    """A server sent something other than what was requested; the message says what."""


class NoRangesError(Exception):
    """A server would send a whole file instead of a range."""


def retried(
    action: Callable[[], T], explain: Callable[[Exception], SuperscopeError], retry: bool = True
) -> T:
    """Return the result of `action`, with retries after failures that may be temporary.

    Raises
    ------
    SuperscopeError
        The error that `explain` returns for the last failure.
    """
    for tries, wait in enumerate((*(RETRY_WAITS if retry else ()), None)):
        try:
            return action()
        except (SuperscopeError, MemoryError):
            raise
        except Exception as error:
            told = explain(error)
            passing = isinstance(told, UnreachableError) and not isinstance(told, OfflineError)
            # httpx raises ConnectError if there is no network at all: one retry is enough.
            unconnected = tries > 0 and type(error).__name__ == "ConnectError"
            silent = tries > 0 and _timed_out(error)
            asked = retry_after(error) or 0.0
            if wait is None or not passing or unconnected or silent or asked > LONGEST_WAIT:
                # "from None", because the original error may show links with signatures.
                raise _after(told, tries, asked) from None
            time.sleep(max(wait, asked))
    raise AssertionError("unreachable")


def _after(told: SuperscopeError, tries: int, asked: float) -> SuperscopeError:
    """Return an error that also says how many tries there were, or how long to wait."""
    if asked > LONGEST_WAIT:
        return type(told)(f"{told}; the server asks to try again in {duration(asked)}")
    return type(told)(f"{told} (tried {tries + 1} times)") if tries else told


def retry_after(error: BaseException) -> float | None:
    """Return the seconds in a server's Retry-After header, or None."""
    for link in _links(error):
        headers = getattr(link, "headers", None)
        if headers is None:
            headers = getattr(getattr(link, "response", None), "headers", None)
        said = headers.get("Retry-After") if isinstance(headers, Mapping) else None
        if not isinstance(said, str):
            continue
        if re.fullmatch(r"\s*\d{1,9}\s*", said):
            return float(said)
        try:
            then = parsedate_to_datetime(said)
        except ValueError:
            return None
        return max(0.0, then.timestamp() - time.time())
    return None


def _timed_out(error: BaseException) -> bool:
    return any(
        isinstance(link, TimeoutError) or type(link).__name__.endswith(("Timeout", "TimeoutError"))
        for link in _links(error)
    )


def store_error(error: Exception, name: str) -> SuperscopeError:
    """Return superscope's error for an exception of fsspec or of the packages it uses."""
    # fsspec reports every failure of http as FileNotFoundError; its cause has the real reason.
    cause: BaseException = error
    while isinstance(cause, FileNotFoundError) and cause.__cause__ is not None:
        cause = cause.__cause__
    status = getattr(cause, "status", None)
    if status in (401, 403) or isinstance(cause, PermissionError):
        answer = f" (status {status})" if status else ""
        return AccessRefusedError(
            f"{name}: the server refused access{answer}; "
            "log in or set the credentials of this store"
        )
    if status in (404, 410) or (isinstance(cause, FileNotFoundError) and status is None):
        return NotFoundError(f"{name}: there is no such file")
    if isinstance(cause, NoRangesError):
        return no_ranges(name)
    if isinstance(cause, WrongAnswerError):
        return RemoteError(f"{name}: {cause}")
    if isinstance(status, int) and 400 <= status < 500 and status not in (408, 429):
        return RemoteError(f"{name}: the server answered {status}")
    if type(cause).__name__ in _MISCONFIGURED:
        return RemoteError(f"{name}: {cause}")
    reason = f"the server answered {status}" if status else str(cause) or type(cause).__name__
    if _timed_out(cause):
        return UnreachableError(f"{name}: the server did not answer within {TIMEOUT:g} s")
    return UnreachableError(f"{name}: {reason}")


def no_ranges(name: str) -> RemoteError:
    """Return the error for a server that would send a whole file instead of a range."""
    return RemoteError(
        f"{name}: the server cannot send parts of a file, and superscope does not download the "
        "whole file; download it yourself and pass its path"
    )


def hub_error(error: Exception, what: str, revision: str | None = None) -> SuperscopeError | None:
    """Return superscope's error for a failed request to the hub; None for other exceptions.

    Parameters
    ----------
    error
        The exception. Its causes are examined too: transformers and datasets wrap those of the
        hub.
    what
        Name of the requested model or data set, for the message.
    revision
        The requested revision, for the message.
    """
    from huggingface_hub import errors

    links = list(_links(error))

    def caused_by(*kinds: type[Exception]) -> bool:
        return any(isinstance(link, kinds) for link in links)

    if caused_by(errors.GatedRepoError):
        return gated(what)
    if caused_by(errors.RevisionNotFoundError):
        return NotFoundError(f"{what} has no revision {revision} on the hub")
    names = {type(link).__name__ for link in links}
    if caused_by(errors.RepositoryNotFoundError) or "DatasetNotFoundError" in names:
        return NotFoundError(
            f"{what} does not exist on the hub; if it is private, log in: hf auth login"
        )
    if caused_by(errors.HFValidationError):
        return NotFoundError(f"{what} is neither a file nor a valid hub id")
    if caused_by(errors.OfflineModeIsEnabled):
        return OfflineError(
            f"{what} is not in the cache, and HF_HUB_OFFLINE forbids downloads; unset it, or "
            "download the model first"
        )
    answered = next((link for link in links if isinstance(link, errors.HfHubHTTPError)), None)
    if answered is not None:
        status = answered.response.status_code
        if status in (401, 403):
            return gated(what)
        if status >= 500 or status in (408, 429):
            return UnreachableError(f"{what}: the hub answered {status}")
        if answered is error:
            kind = NotFoundError if status == 404 else RemoteError
            return kind(f"{what}: the hub answered {status}")
    if _timed_out(error):
        return UnreachableError(f"{what}: the hub did not answer within {TIMEOUT:g} s")
    if not _NO_ANSWER.isdisjoint(names):
        return UnreachableError(f"{what}: the hub cannot be reached: {_reason(error)}")
    return None


def gated(what: str) -> AccessRefusedError:
    """Return the error for a gated or private repository."""
    return AccessRefusedError(
        f"{what} is gated or private; accept its terms on its hub page, then log in "
        "(hf auth login) or set HF_TOKEN"
    )


def _links(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and its causes, at most 20."""
    link: BaseException | None = error
    for _ in range(20):
        if link is None:
            return
        yield link
        link = link.__cause__ or link.__context__


def _reason(error: Exception) -> str:
    return " ".join(str(error.__cause__ or error).split())[:300] or type(error).__name__
