"""Read a model's output head and measure its geometry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, overload

import numpy.typing as npt

from superscope.arguments import checked
from superscope.errors import FormatError, HeadDataError, SuperscopeError
from superscope.geometry import Geometry, GeometryOptions, measure_head
from superscope.geometry.frequencies import TokenCounts
from superscope.heads import Head, HeadOptions, any_head, head_of, read_each, read_head
from superscope.options import changed, taking
from superscope.progress import Progress, ProgressChoice, chosen


@checked
@dataclass(frozen=True)
class MeasureOptions(GeometryOptions, HeadOptions):
    """Options for reading a head and for measuring it."""


@dataclass(frozen=True)
class NotMeasured:
    """A matrix that was not measured.

    Attributes
    ----------
    model, tensor
        The checkpoint and the tensor.
    why
        The reason.
    """

    model: str
    tensor: str
    why: str


@dataclass(frozen=True, repr=False)
class MeasuredTensors(Sequence[Geometry]):
    """The geometries of several matrices, as a sequence, and the matrices that have none.

    Attributes
    ----------
    measured
        In the order of the layers.
    missing
        What was not measured, and why.
    """

    measured: tuple[Geometry, ...]
    missing: tuple[NotMeasured, ...] = ()

    @overload
    def __getitem__(self, at: int) -> Geometry: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Geometry, ...]: ...
    def __getitem__(self, at: int | slice) -> Geometry | tuple[Geometry, ...]:
        return self.measured[at]

    def __len__(self) -> int:
        return len(self.measured)

    def __repr__(self) -> str:
        every = len(self.measured) + len(self.missing)
        return f"MeasuredTensors({len(self.measured):,} of {every:,} matrices)"


@taking(MeasureOptions)
@checked
def measure(
    model: str | Path | Head | Any,
    options: MeasureOptions = MeasureOptions(),
    *,
    frequencies: npt.ArrayLike | TokenCounts | None = None,
    tokens: Any = None,
    initial: str | Path | Head | Any = None,
    progress: ProgressChoice = "auto",
    **changes: Any,
) -> Geometry:
    """Measure how the output head of a language model packs its vocabulary into its width.

    Only the head is read, by byte ranges. For a 70B model on the hub this is about 2 GB.

    Parameters
    ----------
    model
        Hub id (``openai-community/gpt2``), ``hf://``, ``s3://`` or ``https://`` URI, local folder
        or file (safetensors, PyTorch ``.bin``, GGUF, ``.npy``, ``.npz``); or a
        :class:`~superscope.Head`; a model of transformers; a torch ``Embedding`` or ``Linear``;
        a state dict; or a matrix of shape (V, m) of numpy, torch, JAX or TensorFlow.
    options
        What to read and how to measure; the keywords change them.
    frequencies
        Token frequencies by id, on any scale; at most one for each row of the tensor. Or what
        :func:`~superscope.frequency.count_tokens` or
        :func:`~superscope.frequency.read_frequencies` returned, whose tokens are then compared
        with those of the model. They add overlaps weighted by frequency, and a third centering
        that subtracts the weighted mean row.
    tokens
        For a model or matrix in memory, the text of each row: a sequence of strings, or a
        tokenizer.
    initial
        The model before training, such as ``hf://EleutherAI/pythia-70m@step0``, in any form
        that `model` may have. It adds how many rows moved in training.
    progress
        ``"auto"`` shows a bar in a terminal or a notebook; None shows nothing; a function is
        called as ``progress(stage, done, total)``.
    **changes
        Options, by name.

    Returns
    -------
    Geometry
        Overlaps of raw and mean-centered rows, norms, regime, and the rows that were left out.

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
    o = changed(options, changes, "measure")
    with chosen(progress) as report:
        head = any_head(model, o, tokens=tokens, progress=report)
        before = None if initial is None else _initial(initial, o, report)
        return _measured(head, o, frequencies, before, report)


@taking(MeasureOptions)
@checked
def measure_tensors(
    model: str | Path,
    options: MeasureOptions = MeasureOptions(),
    *,
    progress: ProgressChoice = "auto",
    **changes: Any,
) -> MeasuredTensors:
    """Measure each matrix of a checkpoint that the option `tensor` stands for.

    A matrix that cannot be measured does not stop the others.

    Parameters
    ----------
    model
        A checkpoint, as of :func:`measure`.
    options
        What to read and how to measure; `tensor` may be a pattern, such as
        ``model.layers.*.mlp.down_proj.weight``, and `axis` says whether rows or columns are the
        directions.
    progress
        As of :func:`measure`.
    **changes
        Options, by name.

    Returns
    -------
    MeasuredTensors
        A sequence of geometries in the order of the layers. What was not measured is in its
        `missing`, with the reason.

    Raises
    ------
    SuperscopeError
        As of :func:`measure`, if no matrix can be measured.

    Examples
    --------
    >>> import numpy as np
    >>> import superscope
    >>> np.savez("three.npz", a=np.eye(3), b=np.tri(2), c=np.full((2, 2), np.nan))
    >>> found = superscope.measure_tensors("three.npz", tensor="*", pairs="none")
    >>> [round(geometry.raw.mean_square_overlap, 6) for geometry in found]
    [0.0, 0.5]
    >>> [one.tensor for one in found.missing]
    ['c']
    """
    found = list(each_tensor(model, changed(options, changes, "measure_tensors"), progress))
    measured = tuple(one for one in found if isinstance(one, Geometry))
    missing = tuple(one for one in found if isinstance(one, NotMeasured))
    if not measured:
        raise HeadDataError(f"no matrix of this pattern was measured; the first: {missing[0].why}")
    return MeasuredTensors(measured, missing)


def each_tensor(
    model: str | Path, options: MeasureOptions, progress: ProgressChoice = "auto"
) -> Iterator[Geometry | NotMeasured]:
    """Yield the geometry of each tensor of a pattern when it is measured, or why it has none.

    Raises
    ------
    SuperscopeError
        The option `tensor` is no pattern, and the one matrix cannot be measured.
    """
    with chosen(progress) as report:
        for name, head in read_each(model, options, report):
            try:
                if isinstance(head, SuperscopeError):
                    raise head
                one: Geometry | NotMeasured = _measured(head, options, None, None, report)
            except SuperscopeError as error:
                if name is None or name == options.tensor:
                    raise
                one = NotMeasured(str(model), name, str(error))
            yield one


def _measured(
    head: Head, o: MeasureOptions, frequencies: Any, before: Head | None, report: Progress
) -> Geometry:
    try:
        return measure_head(head, o, frequencies=frequencies, initial=before, progress=report)
    except (HeadDataError, FormatError) as error:
        if head.copy is None:
            raise
        raise type(error)(
            f"{error}. The head was read from the cache, {head.copy}; to delete it and "
            f"download it again: superscope cache {head.provenance.model} --clear"
        ) from error


def _initial(initial: str | Path | Head | Any, o: MeasureOptions, progress: Progress) -> Head:
    """Return all rows of the head before training."""
    if isinstance(initial, (str, Path)):
        return read_head(
            initial, replace(o, revision=None, base=None, rows="all"), progress=progress
        )
    return head_of(initial, tensor=o.tensor if isinstance(initial, Mapping) else None)
