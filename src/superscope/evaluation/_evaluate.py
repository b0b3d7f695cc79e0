"""From a model's name and a text to its loss."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from superscope.arguments import checked
from superscope.evaluation.evaluation import Evaluation
from superscope.evaluation.options import LossOptions
from superscope.evaluation.passes import LOADING, Pass
from superscope.frequency.checkpoint import Loadable, loadable
from superscope.frequency.text import Text, text_of
from superscope.frequency.tokenizer import Tokenizer
from superscope.heads.checkpoint import Checkpoint
from superscope.progress import ProgressChoice, chosen


@checked
def evaluate(
    model: str | Path | Checkpoint | Loadable,
    text: Text | Iterable[str],
    options: LossOptions = LossOptions(),  # noqa: B008 - frozen
    *,
    revision: str | None = None,
    base: str | None = None,
    keep: Path | None = None,
    tokenizer: Tokenizer | None = None,
    progress: ProgressChoice = "auto",
) -> Evaluation:
    """Return the loss of a language model on a text.

    Parameters
    ----------
    model
        Hub id, local folder or GGUF file of anything ``AutoModelForCausalLM`` loads, or of a PEFT
        adapter, which is applied to its base; or a checkpoint that was located.
    text
        From :func:`text_files` or :func:`hub_text`, or strings, one a document.
    options
        How.
    revision
        Branch, tag or commit of a hub repository.
    base
        Model that a PEFT adapter was trained on, if its ``adapter_config.json`` names none or one
        that is not there.
    keep
        Folder that keeps what is finished: started again with the same options, the work goes on
        after the last finished block, and ends with the same bits.
    tokenizer
        The model's, if it is loaded already.
    progress
        ``"auto"`` shows a bar in a terminal or a notebook, None shows nothing, and a function is
        called as ``progress(stage, done, total)``. The stages are ``loading the model``,
        ``reading the text`` (up to the first block) and ``loss of MODEL``, the last in bytes of
        text, or in tokens where `max_tokens` is given.

    Returns
    -------
    Evaluation
        Nats per token and bits per byte with standard errors clustered by document; losses of each
        document and of each entry of the vocabulary.

    Raises
    ------
    SuperscopeError
        One line that names what is wrong, where, and the way out.

    Examples
    --------
    >>> from superscope.evaluation import LossOptions, evaluate
    >>> from superscope.frequency import text_files
    >>> text = text_files(["held_out.txt"])  # doctest: +SKIP
    >>> options = LossOptions(max_tokens=100_000)
    >>> print(evaluate("openai-community/gpt2", text, options))  # doctest: +SKIP
    """
    source = text if isinstance(text, Text) else text_of(text)
    with chosen(progress) as report:
        report(LOADING, 0, 1)  # finding it asks the hub, and is the beginning of loading
        checkpoint = model if isinstance(model, Loadable) else loadable(model, revision, base)
        return Pass(checkpoint, source, options, keep, report, tokenizer).evaluation()
