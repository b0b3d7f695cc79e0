"""The exceptions that superscope raises for its users.

Every message is one line that says what is wrong, where, and what to do. The command line prints
it and exits with code 2.
"""

import re
from collections.abc import Iterable

_USER = re.compile(r"(?<=://)[^\s/?#'\"]*@")
# A query of a URL, or of the path that other packages make of one.
_QUERY = re.compile(
    r"(://[^\s?#'\"<>]*|/[^\s?#'\"<>]*(?=\?[\w.%+~-]+=))[?#]"
    r"[^\s'\"<>()]*?(?=[:;,.]?(?:[\s'\"<>()]|$))"
)


def without_secrets(text: str) -> str:
    """Remove users, passwords and queries from the URLs in a text.

    A query may be a signature, and anyone who has it can download the file.

    Parameters
    ----------
    text
        A name, or a message that may hold URLs.

    Returns
    -------
    str
        The text without secrets, which may be shown, stored and logged.
    """
    return _QUERY.sub(r"\1", _USER.sub("", text))


class SuperscopeError(Exception):
    """The base of all errors that superscope raises for its users.

    Parameters
    ----------
    *message
        One line. Secrets in its URLs are removed.
    """

    def __init__(self, *message: object) -> None:
        super().__init__(*(without_secrets(m) if isinstance(m, str) else m for m in message))


class UsageError(SuperscopeError):
    """An argument that cannot be used as given."""


class MissingExtraError(SuperscopeError):
    """An optional dependency is not installed; the message has the install line."""


class NotFoundError(SuperscopeError):
    """A model, file, revision or tensor does not exist."""


class RemoteError(SuperscopeError):
    """A server could not be reached, refused, or cannot serve byte ranges."""


class AccessRefusedError(RemoteError):
    """A server refused access: the repository is gated or private, or credentials are missing."""


class UnreachableError(RemoteError):
    """A server did not answer, or is temporarily unavailable; another try may succeed."""


class OfflineError(UnreachableError):
    """The user has switched off access to the hub, so retrying is of no use."""


class FormatError(SuperscopeError):
    """A file is damaged, hostile, or in a format or type that cannot be read."""


class HeadDataError(SuperscopeError):
    """A head was read but cannot be measured: non-finite or zero rows, wrong shape."""


class EvaluationError(SuperscopeError):
    """A model's loss cannot be computed: too large, not finite, or no language model."""


class DivergedError(SuperscopeError):
    """A training run diverged: a number is no longer finite."""


def install_hint(package: str, extra: str, purpose: str) -> MissingExtraError:
    """Return the error for an absent optional dependency, with its install line."""
    return MissingExtraError(
        f"{purpose} needs {package}, which is not installed; run: pip install 'superscope[{extra}]'"
    )


def did_you_mean(name: str, choices: Iterable[str], likeness: float = 0.4) -> str:
    """Return a question that names the nearest choice, and a space; empty if none is similar."""
    from difflib import get_close_matches  # only where something went wrong

    near = get_close_matches(name, list(choices), 1, likeness)
    return f"did you mean {near[0]}? " if near else ""


def raise_panic(error: BaseException, where: str) -> None:
    """Raise FormatError for a panic of a Rust library, which is not an Exception of Python."""
    if type(error).__name__ == "PanicException":
        reason = " ".join(str(error).split())[:300]
        raise FormatError(f"{where} is damaged: the tokenizers library stopped: {reason}") from None
