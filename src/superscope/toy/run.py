"""The result of a toy run: weights, losses, and derived numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from superscope.errors import HeadDataError
from superscope.geometry import Geometry, measure_head
from superscope.heads import Head
from superscope.observations import Observation
from superscope.plotting import Pictured
from superscope.result import Result
from superscope.toy.config import ToyConfig
from superscope.toy.dimensionality import THRESHOLD, feature_dimensionality
from superscope.toy.features import Float32, Float64

if TYPE_CHECKING:
    import pandas as pd

LAST = 100  # steps whose mean is the loss of a run (definitions.md §4)


@dataclass(frozen=True, eq=False, repr=False)
class ToyRun(Result, Pictured):
    """A trained toy model.

    Attributes
    ----------
    config
        What was trained.
    W, b
        Final weights and biases, shapes (n, m) and (n,), float32.
    losses
        Loss of every step, the sum over features of (y − x)², weighted by importance, mean over
        samples; (steps,).
    feature_loss
        Loss of each feature over the last 100 steps, shape (n,); they sum to ``loss``.
    seconds
        Duration of the training.
    kernel
        The machine code that its numbers come from: versions and processor types of the
        libraries. The same config and seed give the same bits where it is the same. Empty for
        a run read from a file of format 1, which did not name it.

    Examples
    --------
    >>> from superscope.toy import ToyConfig, train
    >>> run = train(ToyConfig(n=50, width=5, batch=64, steps=100))
    >>> run.head().features, run.head().width
    (50, 5)
    >>> bool(abs(run.unrepresented_loss + run.interference_loss - run.loss) < 1e-6)
    True
    >>> len(run.to_frame())
    50
    """

    config: ToyConfig
    W: Float32
    b: Float32
    losses: Float32
    feature_loss: Float64
    seconds: float
    kernel: str = ""

    @property
    def loss(self) -> float:
        """Mean loss of the last 100 steps."""
        return float(self.feature_loss.sum())

    @property
    def loss_se(self) -> float | None:
        """Standard error of ``loss``, from the spread of those steps; None for one step."""
        last = self.losses[-LAST:].astype(np.float64)
        return float(last.std(ddof=1) / np.sqrt(len(last))) if len(last) > 1 else None

    @cached_property
    def norms(self) -> Float64:
        """‖W_i‖, shape (n,)."""
        return np.asarray(np.linalg.norm(self.W.astype(np.float64), axis=1))

    @cached_property
    def dimensionality(self) -> Float64:
        """Part of a dimension that each feature has, ‖W_i‖² / Σ_j (Ŵ_i·W_j)² (E22), shape (n,)."""
        return feature_dimensionality(self.W)

    @property
    def represented(self) -> npt.NDArray[np.bool_]:
        """Which features have a norm above ½, shape (n,)."""
        return self.norms > THRESHOLD

    @property
    def represented_fraction(self) -> float:
        """Share of the features with a norm above ½."""
        return float(self.represented.mean())

    @property
    def unrepresented_loss(self) -> float:
        """The part of ``loss`` from features with a norm of at most ½."""
        return float(self.feature_loss[~self.represented].sum())

    @property
    def interference_loss(self) -> float:
        """The rest of ``loss``: from represented features, which overlap."""
        return float(self.feature_loss[self.represented].sum())

    def head(self) -> Head:
        """Return W as a head, to be measured like that of a language model."""
        return Head.from_array(self.W, model=f"toy {self.config.identity}")

    def geometry(self, **options: Any) -> Geometry:
        """Measure the head; a feature counts as represented if its norm exceeds ½."""
        settings: dict[str, Any] = {"threshold": THRESHOLD, "device": "cpu", **options}
        return measure_head(self.head(), **settings)

    @property
    def observation(self) -> Observation:
        """Return the run as a row of the table, with the geometry of its head.

        Norms are of all features. Overlaps are of the rows that are not 0: weight decay can make
        rows exactly 0, and if all rows are 0 there is no overlap.
        """
        config = self.config
        features = config.features()
        try:
            row = self.geometry(pairs="none").observation()
        except HeadDataError:
            row = Observation(source="toy", width=config.width)
        mean = float(self.norms.mean())
        return replace(
            row,
            source="toy",
            run=config.identity,
            family=config.frequencies if isinstance(config.frequencies, str) else "given",
            model=None,
            features=config.n,
            loss=self.loss,
            loss_se=self.loss_se,
            represented_fraction=self.represented_fraction,
            norm_mean=mean,
            norm_cv=float(self.norms.std()) / mean if mean else None,
            frequency_exponent=config.alpha if config.frequencies == "power" else None,
            decay=config.decay,
            density=config.density if isinstance(config.frequencies, str) else features.density,
            seed=config.seed,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per feature, by rank: probability, norm, dimensionality, bias and loss.

        ``interference`` is Σ_j (W_i·W_j)² over the other features j.

        Examples
        --------
        >>> from superscope import toy
        >>> run = toy.train(toy.ToyConfig(n=20, width=5, steps=10, batch=8))
        >>> run.to_frame().columns[:4].to_list()
        ['feature', 'probability', 'norm', 'dimensionality']
        """
        import pandas as pd

        W = self.W.astype(np.float64)
        # Σ_j (W_i·W_j)² is the quadratic form W_iᵀ (WᵀW) W_i, which needs no matrix of all pairs.
        every = np.einsum("ij,jk,ik->i", W, W.T @ W, W, optimize=True)
        return pd.DataFrame({
            "feature": np.arange(self.config.n),
            "probability": self.config.features().probabilities,
            "norm": self.norms,
            "dimensionality": self.dimensionality,
            "bias": self.b,
            "represented": self.represented,
            "loss": self.feature_loss,
            "interference": np.maximum(every - self.norms**4, 0),
        })  # fmt: skip

    def __repr__(self) -> str:
        c = self.config
        return f"ToyRun({c.identity}: n={c.n}, width={c.width}, loss={self.loss:.6g})"
