"""Which documents of a text are trained on, and which are held out."""

from __future__ import annotations

from collections.abc import Iterator

from superscope.errors import UsageError
from superscope.frequency import Text
from superscope.frequency.reading import Counts
from superscope.frequency.text import Document
from superscope.text import counted

HELD_OUT = 20  # one of so many documents, where no held-out text is given


def divided(text: Text, part: int) -> Text:
    """Return the documents to train on (0), or those held out (1): one of 20."""

    def read() -> Iterator[Document]:
        for number, document in enumerate(text):
            if (number % HELD_OUT == HELD_OUT - 1) == bool(part):
                yield document

    return Text(text.name, read, f"{text.identity} {part}")


def refuse_empty(text: Text, purpose: str) -> None:
    """Refuse a text of which no document has a letter."""
    count = 0
    for document in text:
        if document.text.strip():
            return
        count += 1
    has = f"{counted(count, 'document')}, and no letter in any" if count else "no document"
    raise UsageError(f"{text.name} has {has}: there is nothing to {purpose}; name another text")


def trained_on(held_out: Text) -> UsageError:
    """Return the error for a held-out text that is all trained on."""
    return UsageError(
        f"every held-out document of {held_out.name} is trained on too, so its loss would tell "
        f"what was learnt by heart; name another held_out, or none: one of {HELD_OUT} documents is "
        "then held out"
    )


def nothing_held_out(text: Text, given: Text | None, trained: int, met: Counts) -> UsageError:
    """Return the error for a text of which no held-out document can be scored.

    Parameters
    ----------
    text, given
        The text, and the one that was given to be held out.
    trained
        Documents that are trained on.
    met
        What was met in those held out.
    """
    if given is None and not met.documents:
        return UsageError(
            f"{text.name}: no document is held out to take the loss on: it has "
            f"{counted(trained, 'document')}, and every {HELD_OUT}th is held out; name a held_out "
            "text, or divide the text into more documents with split"
        )
    return UsageError(
        f"{(given or text).name}: no document is held out to take the loss on: "
        f"there is {counted(met.documents, 'document')} for it, and none has a second token; name "
        "a held_out text of longer documents"
    )
