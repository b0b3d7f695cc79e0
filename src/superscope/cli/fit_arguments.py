"""The options of commands that fit: words of the command line to :class:`FitOptions`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from superscope.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from superscope.laws import FitOptions

_MANY = Parameter(consume_multiple=True, negative="", show_default=False)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class FitArguments:
    """How to fit.

    Attributes
    ----------
    columns
        Which column holds what, such as width=d_model tokens=num_tokens.
    group
        Columns whose values give each group a floor of its own; width takes family and dataset,
        where the table has them. none: one floor for all.
    exclude
        Leave out the rows of a rule, such as "loss > 3" or "family == opt and width < 1000".
    drop_highest
        Leave out the K highest losses of each group; ties go together.
    fix
        Hold parameters, such as a_m=1.
    bound
        Keep a parameter between two values, such as alpha=0.5:1.5; either may be empty.
    loss
        The objective's function of a residual; default: the law's own.
    delta
        Where Huber's function turns from a square to a line.
    residual
        Residuals of log loss or of the loss itself; default: the law's own.
    weights
        loss_se: points weigh by the inverse square of their standard error.
    resample
        Column whose values are resampled together, or row; default: run or model, where the
        table has them.
    resamples
        How many; 0: intervals from the Jacobian alone.
    starts
        Searches from different exponents.
    x
        The column that power is a power of, or time its time.
    depth_offset
        Layers that do not count in the law shape.
    seed
        Of resamples and starts.
    data_dir
        Folder that holds the public tables, for machines without a network.
    """

    columns: Annotated[tuple[str, ...], _MANY] = ()
    group: Annotated[tuple[str, ...], _MANY] = ()
    exclude: Annotated[tuple[str, ...], _MANY] = ()
    drop_highest: int = 0
    fix: Annotated[tuple[str, ...], _MANY] = ()
    bound: Annotated[tuple[str, ...], _MANY] = ()
    loss: Literal["huber", "squared"] | None = None
    delta: float = 1e-3
    residual: Literal["log", "plain"] | None = None
    weights: Literal["none", "loss_se"] = "none"
    resample: str | None = None
    resamples: int = 1000
    starts: int = 64
    x: str | None = None
    depth_offset: float = 0.0
    seed: int = 0
    data_dir: Path | None = None

    def options(self, **more: Any) -> FitOptions:
        """Return the options; UsageError for words that are none."""
        from superscope.laws import FitOptions

        return FitOptions(
            columns=dict(self._pairs("--columns", self.columns)),
            group=self.group or None,
            exclude=self.exclude,
            drop_highest=self.drop_highest,
            fix={name: _number("--fix", text) for name, text in self._pairs("--fix", self.fix)},
            bounds={name: _ends(text) for name, text in self._pairs("--bound", self.bound)},
            loss=self.loss,
            delta=self.delta,
            residual=self.residual,
            weights=self.weights,
            resample=self.resample,
            resamples=self.resamples,
            starts=self.starts,
            x=self.x,
            depth_offset=self.depth_offset,
            seed=self.seed,
            **more,
        )

    def table(self, name: str) -> pd.DataFrame:
        """Return the table of this name or file."""
        from superscope.laws import load_table

        return load_table(name, self.data_dir)

    @staticmethod
    def _pairs(option: str, words: tuple[str, ...]) -> list[tuple[str, str]]:
        pairs = [_pair(option, word) for word in words]
        names = [name for name, _ in pairs]
        for name in names:
            if names.count(name) > 1:
                raise UsageError(f"{option}: {name} is given more than once")
        return pairs


def _pair(option: str, word: str) -> tuple[str, str]:
    """Return NAME and VALUE of NAME=VALUE."""
    name, sign, value = word.partition("=")
    if not (sign and name and value):
        raise UsageError(f"{option} {word!r}: write NAME=VALUE")
    return name.strip(), value.strip()


def _number(option: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{option}: {text!r} is no number") from None


def _ends(text: str) -> tuple[float | None, float | None]:
    low, sign, high = text.partition(":")
    if not sign:
        raise UsageError(f"--bound {text!r}: write NAME=LOWEST:HIGHEST")
    return (
        _number("--bound", low) if low else None,
        _number("--bound", high) if high else None,
    )


def inputs_of(words: tuple[str, ...]) -> dict[str, float]:
    """Return values by name from words NAME=VALUE of ``--input``."""
    return {name: _number("--input", text) for name, text in (_pair("--input", w) for w in words)}
