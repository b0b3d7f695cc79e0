"""The result of all comparisons: what each variant is worth at each budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from superscope.lab.worth.bench import Bench
from superscope.lab.worth.compared import Choice
from superscope.lab.worth.comparison import Comparison, Factor
from superscope.laws import Estimate
from superscope.plotting import Pictured
from superscope.result import Result
from superscope.text import counted

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class LabGains(Result, Pictured):
    """What variants are worth, against a baseline.

    Attributes
    ----------
    baseline
        Its name.
    comparisons
        By bench, in the order of the table; then by variant and budget.
    unmatched
        Variants and budgets where the baseline has no run.
    only_searched
        Variants and budgets that have no run beside those of a search.
    narrow_heads
        Ranks of a head that are compared with narrow bodies, and here with nothing.
    """

    baseline: str
    comparisons: tuple[Comparison, ...]
    unmatched: tuple[Choice, ...]
    only_searched: tuple[Choice, ...] = ()
    narrow_heads: tuple[Choice, ...] = ()

    @property
    def benches(self) -> tuple[Bench, ...]:
        """Texts and bodies."""
        return tuple(dict.fromkeys(c.bench for c in self.comparisons))

    @property
    def tested(self) -> int:
        """How many comparisons have a p-value, and are corrected for."""
        return sum(c.p is not None for c in self.comparisons)

    def of(self, variant: str, bench: Bench | None = None) -> tuple[Comparison, ...]:
        """Return a variant's comparisons by budget.

        Parameters
        ----------
        variant
            Its name.
        bench
            Of which text and body; default: of all.

        Returns
        -------
        tuple of Comparison
            Budgets ascending.
        """
        found = [c for c in self.comparisons if c.variant == variant and bench in (None, c.bench)]
        return tuple(sorted(found, key=lambda c: c.tokens))

    def persists(self, variant: str, bench: Bench) -> bool | None:
        """Return whether a variant is better at every budget; None with fewer than two.

        Parameters
        ----------
        variant
            Its name.
        bench
            Of which text and body.

        Returns
        -------
        bool or None
            Whether every interval is above 0.
        """
        found = self.of(variant, bench)
        return None if len(found) < 2 else all(c.standing == "better" for c in found)

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each variant, budget and width, and one without a width for their mean.

        Factors are of width: 1.18 is worth + 18 %. What is not known is null.
        """
        import pandas as pd

        rows = []
        for c in self.comparisons:
            s, f = c.choice.setting, c.factor
            common = {
                "dataset": c.bench.dataset, "architecture": c.bench.architecture,
                "text": c.bench.text,
                "depth": c.bench.depth, "context": c.bench.context,
                "attention_width": c.bench.attention_width, "vocabulary": c.bench.vocabulary,
                "variant": c.variant, "baseline": self.baseline, "tokens": c.tokens,
                "learning_rate": s.learning_rate, "head_learning_rate": s.head_learning_rate,
                "decay": s.decay, "batch": s.batch, "tries": c.choice.tries,
            }  # fmt: skip
            for w in c.widths:
                rows.append(
                    common
                    | {"width": w.width, "seeds": len(w.seeds), "loss": w.loss,
                       "baseline_loss": w.baseline_loss, "gain_se": w.error}
                    | _columns(w.gain, w.factor)
                )  # fmt: skip
            rows.append(
                common | {"seeds": len(c.over.seeds)} | _columns(c.gain, f)
                | {"p": c.p, "p_adjusted": c.adjusted, "standing": c.standing}
            )  # fmt: skip
        return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)

    def __repr__(self) -> str:
        variants = len({c.variant for c in self.comparisons})
        return (
            f"LabGains({counted(variants, 'variant')} against {self.baseline}, "
            f"{counted(len(self.comparisons), 'comparison')})"
        )


def _columns(gain: Estimate | None, factor: Factor) -> dict[str, float | str | None]:
    value, low, high = (None, None, None) if gain is None else (gain.value, gain.low, gain.high)
    return {
        "gain": value, "gain_low": low, "gain_high": high,
        "factor": factor.value, "factor_low": factor.low, "factor_high": factor.high,
        "factor_above": factor.above, "factor_below": factor.below,
        "factor_low_beyond": factor.low_beyond or None,
        "factor_high_beyond": factor.high_beyond or None,
    }  # fmt: skip


COLUMNS = {
    **dict.fromkeys(("dataset", "architecture", "text"), "string"),
    **dict.fromkeys(("depth", "context", "attention_width", "vocabulary"), "Int64"),
    **dict.fromkeys(("variant", "baseline"), "string"), "tokens": "Int64",
    **dict.fromkeys(("learning_rate", "head_learning_rate", "decay"), "Float64"),
    **dict.fromkeys(("batch", "tries", "width", "seeds"), "Int64"),
    **dict.fromkeys((
        "loss", "baseline_loss", "gain", "gain_low", "gain_high", "gain_se", "factor",
        "factor_low", "factor_high", "factor_above", "factor_below", "p", "p_adjusted",
    ), "Float64"),
    **dict.fromkeys(("factor_low_beyond", "factor_high_beyond", "standing"), "string"),
}  # fmt: skip
"""Of the table of gains, with their types."""
