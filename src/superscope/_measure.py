"""From a model's name to the geometry of its output head."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from superscope.errors import UsageError
from superscope.progress import ProgressChoice, chosen

if TYPE_CHECKING:
    import numpy.typing as npt

    from superscope.geometry import Geometry
    from superscope.heads import Head


def measure(
    model: str | Path | Head | Any,
    *,
    revision: str | None = None,
    tensor: str | None = None,
    rows: str = "all",
    fold_norm: bool = False,
    pairs: str = "sample",
    neighbors: int = 0,
    top: int = 20,
    samples: int = 1 << 18,
    seed: int = 0,
    device: str = "auto",
    dtype: str = "float32",
    frequencies: npt.ArrayLike | None = None,
    threshold: float | None = None,
    tokens: Any = None,
    progress: ProgressChoice = "auto",
) -> Geometry:
    """Measure how the output head of a language model packs its vocabulary into its width.

    Only the head is read, by byte ranges: of a 70B model on the hub, about 2 GB.

    Parameters
    ----------
    model
        Hub id (``openai-community/gpt2``), ``hf://``, ``s3://`` or ``https://`` URI, local folder
        or file (safetensors, PyTorch ``.bin``, GGUF, ``.npy``, ``.npz``); or a
        :class:`~superscope.Head`; a model of transformers; a torch ``Embedding`` or ``Linear``;
        a state dict; or a matrix of shape (V, m) of numpy, torch, JAX or TensorFlow.
    revision
        Branch, tag or commit of a hub repository.
    tensor
        Name of the tensor to take as the head, if the known names are not enough.
    rows
        ``all`` rows (as LLG25 does), or ``tokenizer``: only ids the tokenizer can produce.
    fold_norm
        Multiply the final norm's gain into the columns. This changes cosines.
    pairs
        ``none`` computes only what the Gram matrix gives, exactly. ``sample`` also estimates the
        statistics of pairs, with standard errors. ``exact`` computes them over every pair.
    neighbors
        Nearest rows to keep of each row; needs ``pairs="exact"``.
    top
        Most colliding pairs to keep.
    samples, seed
        Number of sampled pairs, and the seed that draws them.
    device
        Where products are computed: ``cpu``, ``cuda``, …; ``auto`` is a GPU where there is one.
    dtype
        Precision of the tiles of ``exact``: ``float32``, ``bfloat16`` or ``float16``.
    frequencies
        Token frequencies by id, on any scale, at most one for each row of the tensor. They add
        overlaps weighted by frequency, and a third centering, by the weighted mean row.
    threshold
        Norm above which a row counts as represented; half the root-mean-square norm by default.
    tokens
        For a model or matrix in memory, the text of each row: a sequence of strings, or a
        tokenizer.
    progress
        ``"auto"`` shows a bar in a terminal or a notebook; None shows nothing; a function is
        called as ``progress(stage, done, total)``.

    Returns
    -------
    Geometry
        Raw and mean-centered overlaps side by side, norms, regime, and what was left out.

    Raises
    ------
    SuperscopeError
        The model cannot be found, read or measured. The message says why and what to do.

    Examples
    --------
    >>> import numpy as np
    >>> import superscope
    >>> rows = np.random.default_rng(0).standard_normal((1000, 50))
    >>> superscope.measure(rows, pairs="none")
    Geometry(array: V = 1,000, m = 50, mean c² = 0.0199861 raw, 0.0199863 mean-centered)
    >>> superscope.measure("openai-community/gpt2").plot()  # doctest: +SKIP
    """
    from superscope.geometry import measure_head
    from superscope.heads import head_of, read_head

    with chosen(progress) as report:
        if isinstance(model, (str, Path)):
            if tokens is not None:
                raise UsageError("tokens= is for a model in memory; a checkpoint has tokens itself")
            head = read_head(
                model, revision=revision, tensor=tensor, rows=rows, fold_norm=fold_norm,
                progress=report,
            )  # fmt: skip
        else:
            if revision is not None or rows != "all" or fold_norm:
                raise UsageError(
                    "revision, rows and fold_norm choose what is read from a checkpoint; "
                    "what is in memory is measured as it is"
                )
            head = head_of(model, tensor=tensor, tokens=tokens)
        return measure_head(
            head, pairs=pairs, neighbors=neighbors, top=top, samples=samples, seed=seed,
            device=device, dtype=dtype, frequencies=frequencies, threshold=threshold,
            progress=report,
        )  # fmt: skip
