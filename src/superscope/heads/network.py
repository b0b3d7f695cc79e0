"""What goes wrong on the network, turned into typed errors: the only place that does.

Stores are asked through fsspec, the hub through huggingface_hub, transformers or datasets. Each
of these has exceptions of its own. Callers tell ours apart by their type.
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

RETRY_WAITS = (0.5, 1.0, 2.0, 4.0)  # seconds before each further try; read at each use
TIMEOUT = 20.0  # seconds that a server may be silent; read at each use
LONGEST_WAIT = 60.0  # seconds that a server may ask us to wait before the next try

T = TypeVar("T")

# Exceptions of requests, httpx, aiohttp and urllib3 for a server that did not answer. They are
# known by name, since not all of these packages are installed.
_NO_ANSWER = {
    "ClientConnectorError", "ConnectError", "ConnectTimeout", "ConnectionError", "MaxRetryError",
    "LocalEntryNotFoundError", "ReadTimeout",
}  # fmt: skip
_MISCONFIGURED = ("NoCredentialsError", "InvalidURL", "InvalidUrlClientError")


class WrongAnswerError(Exception):
    """A server answered with something other than what was asked; the message says how."""


class NoRangesError(Exception):
    """A server would send a whole file in place of a range."""


def retried(
    action: Callable[[], T], explain: Callable[[Exception], SuperscopeError], retry: bool = True
) -> T:
    """Return what `action` returns, tried again where the failure may pass.

    Raises
    ------
    SuperscopeError
        What `explain` makes of the last failure.
    """
    for tries, wait in enumerate((*(RETRY_WAITS if retry else ()), None)):
        try:
            return action()
        except (SuperscopeError, MemoryError):
            raise
        except Exception as error:
            told = explain(error)
            passing = isinstance(told, UnreachableError) and not isinstance(told, OfflineError)
            # httpx says so where nothing was ever connected: there is no network, and
            # waiting rarely helps.
            unconnected = tries > 0 and type(error).__name__ == "ConnectError"
            silent = tries > 0 and _timed_out(error)
            asked = retry_after(error) or 0.0
            if wait is None or not passing or unconnected or silent or asked > LONGEST_WAIT:
                # Not from the error: its text, and those of its causes, may hold signed links.
                raise _after(told, tries, asked) from None
            time.sleep(max(wait, asked))
    raise AssertionError("unreachable")


def _after(told: SuperscopeError, tries: int, asked: float) -> SuperscopeError:
    """Return an error that says how often it was tried, and when a server may be asked again."""
    if asked > LONGEST_WAIT:
        return type(told)(f"{told}; the server asks to try again in {duration(asked)}")
    return type(told)(f"{told} (tried {tries + 1} times)") if tries else told


def retry_after(error: BaseException) -> float | None:
    """Return the seconds that a server asks to wait before the next try; None if it does not."""
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
    """Return what an exception of fsspec, or of a package below it, means for a file."""
    # fsspec's http reports every failure to open as FileNotFoundError; the cause tells.
    cause: BaseException = error
    while isinstance(cause, FileNotFoundError) and cause.__cause__ is not None:
        cause = cause.__cause__
    status = getattr(cause, "status", None)
    if status in (401, 403) or isinstance(cause, PermissionError):
        return AccessRefusedError(
            f"{name}: access refused{f' ({status})' if status else ''}; "
            "log in or set the credentials of this store"
        )
    if status in (404, 410) or (isinstance(cause, FileNotFoundError) and status is None):
        return NotFoundError(f"{name}: no such file")
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
        return UnreachableError(f"{name}: the server does not answer (waited {TIMEOUT:g} s)")
    return UnreachableError(f"{name}: {reason}")


def no_ranges(name: str) -> RemoteError:
    """Return the error for a server that would send a whole file in place of a range."""
    return RemoteError(
        f"{name}: the server ignores byte ranges; stopped rather than download the whole file. "
        "Download it and pass its path"
    )


def hub_error(error: Exception, what: str, revision: str | None = None) -> SuperscopeError | None:
    """Return what an exception of a package that asks the hub means; None if it is another matter.

    Parameters
    ----------
    error
        With the exceptions that caused it: transformers and datasets wrap those of the hub.
    what
        What was asked for, such as a model's id.
    revision
        Of it, for the message.
    """
    from huggingface_hub import errors

    links = list(_links(error))

    def caused_by(*kinds: type[Exception]) -> bool:
        return any(isinstance(link, kinds) for link in links)

    if caused_by(errors.GatedRepoError):
        return gated(what)
    if caused_by(errors.RevisionNotFoundError):
        return NotFoundError(f"{what} has no revision {revision}")
    names = {type(link).__name__ for link in links}
    if caused_by(errors.RepositoryNotFoundError) or "DatasetNotFoundError" in names:
        return NotFoundError(
            f"{what} does not exist on the hub; if it is private, log in: hf auth login"
        )
    if caused_by(errors.HFValidationError):
        return NotFoundError(f"{what} is neither a file nor a valid hub id")
    if caused_by(errors.OfflineModeIsEnabled):
        return OfflineError(
            f"{what} is not in the cache, and HF_HUB_OFFLINE forbids asking the hub"
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
        return UnreachableError(f"{what}: the hub does not answer (waited {TIMEOUT:g} s)")
    if not _NO_ANSWER.isdisjoint(names):
        return UnreachableError(f"{what}: the hub cannot be reached: {_reason(error)}")
    return None


def gated(what: str) -> AccessRefusedError:
    """Return the error for what the hub does not give to everyone."""
    return AccessRefusedError(
        f"{what} is gated or private: accept its terms on its page of the hub, then log in "
        "(hf auth login) or set HF_TOKEN"
    )


def _links(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those it came from, at most 20."""
    link: BaseException | None = error
    for _ in range(20):
        if link is None:
            return
        yield link
        link = link.__cause__ or link.__context__


def _reason(error: Exception) -> str:
    return " ".join(str(error.__cause__ or error).split())[:300] or type(error).__name__
