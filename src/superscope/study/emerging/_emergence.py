"""Tell which tokens a family learns at which width."""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np

from superscope.arguments import checked
from superscope.errors import UsageError
from superscope.laws import Estimate
from superscope.laws.intervals import NORMAL
from superscope.study.emerging.class_curves import class_curves, next_width
from superscope.study.emerging.classes import KINDS, USUAL, Kind, classes_of
from superscope.study.emerging.curves import Bools, Curves
from superscope.study.emerging.evidence import Evidence, Judge
from superscope.study.emerging.of_study import curves_of, too_rare
from superscope.study.emerging.result import Emergence, Learned, Shape, having
from superscope.study.emerging.roll_out import threshold_roll_out
from superscope.study.emerging.scattered import Scattered, scattered
from superscope.study.emerging.shapes import Floats
from superscope.study.emerging.share import share_of_steps
from superscope.study.emerging.tested import rejected
from superscope.study.result import Study
from superscope.text import listed

NEGLIGIBLE = 0.1  # of its loss: a token that changes less is flat
FEW, MOST = 0.2, 0.8  # share of steps: at most together, at least one by one
MIDDLE = 0.1, 0.9  # of the steps, whose places say whether they are apart
LEAST_STEPS = 5  # before their order is looked at
LEAST_IMPROVING = 10  # tokens, before anything is said of them together


@checked
def emergence(
    study: Study | Curves,
    *,
    family: str | None = None,
    least: int = 50,
    threshold: float | None = None,
    classes: Collection[Kind] = USUAL,
    fdr: float = 0.05,
    resamples: int = 2000,
    seed: int = 0,
) -> Emergence:
    """Tell which tokens a family learns at which width, and how.

    For each token a power law with a floor, a step in log width and a flat line are compared, and
    the likelihood ratio is judged against losses resampled by parts of the text (documents) and
    by models. A metric that is not the loss can jump where the loss is smooth; only losses are
    looked at here.

    Parameters
    ----------
    study
        A study of one family; or curves.
    family
        Which family, if the study has several.
    least
        Occurrences that a token needs.
    threshold
        Loss in bits: for each class of tokens, the width at which it is passed is given. To pass
        a threshold is no step.
    classes
        What classes of tokens are told by: ``frequency``, ``spelling``, ``rows`` (what a row of
        the head stands for) and ``collision`` (how far its row overlaps with others, in the
        narrowest model).
    fdr
        False-discovery rate of the tokens that are said to improve, to step or to follow a power
        law.
    resamples
        For each token whose p-value is small.
    seed
        Of the resamples.

    Returns
    -------
    Emergence
        Each token's shape, the classes, and the verdict.

    Raises
    ------
    UsageError
        There are fewer than four widths or five documents, the members have different tokenizers,
        a member has no loss, no token is frequent enough, no such classes are known, or the
        narrowest model has no head and classes take it.

    Examples
    --------
    >>> from superscope.study import emergence, read
    >>> print(emergence(read("study"), threshold=2))  # doctest: +SKIP
    """
    if not 0 < fdr < 1:
        raise UsageError(f"fdr={fdr}; it must be between 0 and 1")
    if threshold is not None and not 0 < threshold < math.inf:
        raise UsageError(f"threshold={threshold}; it must be above 0 bits, and finite")
    if resamples < 100:
        raise UsageError(f"resamples={resamples}; it must be at least 100")
    if seed < 0:
        raise UsageError(f"seed={seed}; it must be at least 0")
    unknown = [kind for kind in classes if kind not in KINDS]
    if unknown or not classes:
        said = f"classes={', '.join(unknown)}" if unknown else "no classes"
        raise UsageError(f"{said}; choose of {', '.join(KINDS)}")
    curves, rare = _often(study, least, family, classes)
    members = classes_of(curves, classes)
    if not members:
        raise UsageError(f"the tokens have no classes by {listed(list(classes))}; take others")
    one = scattered(curves)
    judge, rng = Judge(one.candidates, one.noise), np.random.default_rng(seed)
    found = judge.evidence(one.contrasts, resamples, rng, fdr)
    improving = rejected(found.p_flat, fdr)
    shapes = _shapes(curves, one, found, improving, fdr)
    share = share_of_steps(judge, one.contrasts, improving)
    power = found.power[:, improving].mean(axis=1).tolist() if improving.any() else (None, None)
    places = one.candidates.places(one.contrasts)
    return Emergence(
        text="curves" if isinstance(study, Curves) else study.text,
        widths=curves.widths, models=curves.models, ids=curves.ids, names=curves.names,
        occurrences=curves.occurrences, losses=curves.losses, errors=one.deviations,
        shapes=shapes, resampling_errors=found.resampling_errors, for_step=found.for_step,
        p_flat=found.p_flat, p_power=found.p_power, p_step=found.p_step, places=places, share=share,
        power_of_steps=power[0], power_of_laws=power[1],
        order=_order(curves.occurrences, places, shapes), scatter=float(np.median(one.scatter)),
        common=one.common, scatter_known=bool(curves.between[1]), fdr=float(fdr), rare=rare,
        least=least,
        threshold=None if threshold is None else float(threshold),
        classes=class_curves(curves, members, one, shapes, threshold=threshold, seed=seed),
        next_width=next_width(curves.widths),
        roll_out=None if threshold is None else threshold_roll_out(curves, members, threshold),
        verdict=_verdict(shapes, improving, share, places, curves.widths),
    )  # fmt: skip


def _often(
    study: Study | Curves, least: int, family: str | None, classes: Collection[Kind]
) -> tuple[Curves, int]:
    """Return the tokens that occur often enough, and how many do not."""
    if not isinstance(study, Curves):
        return curves_of(study, least, family, classes), too_rare(study, least, family)
    often = study.occurrences >= least
    if not often.any():
        raise UsageError(f"no token of the curves occurs {least:,} times; take a smaller least=")
    return study.chosen(often), int((~often).sum())


def _shapes(
    curves: Curves, one: Scattered, found: Evidence, improving: Bools, fdr: float
) -> tuple[Shape, ...]:
    step, power = np.zeros(len(curves), np.bool_), np.zeros(len(curves), np.bool_)
    step[improving] = rejected(found.p_power[improving], fdr)
    power[improving] = rejected(found.p_step[improving], fdr)
    change = np.abs(curves.losses[:, 0] - curves.losses[:, -1]) + NORMAL * one.of_change
    flat = ~improving & (change < NEGLIGIBLE * curves.losses.mean(axis=1))
    told = np.select([step, power, flat], [1, 2, 3], 0).tolist()
    return tuple((Shape.UNTOLD, Shape.STEP, Shape.POWER, Shape.FLAT)[k] for k in told)


def _order(occurrences: Floats, places: Floats, shapes: tuple[Shape, ...]) -> float | None:
    steps = having(shapes, Shape.STEP)
    if steps.sum() < LEAST_STEPS:
        return None
    from scipy.stats import rankdata

    a, b = rankdata(occurrences[steps]), rankdata(places[steps])
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(np.corrcoef(a, b)[0, 1])


def _verdict(
    shapes: tuple[Shape, ...], improving: Bools, share: Estimate | None, places: Floats,
    widths: Floats,
) -> Learned:  # fmt: skip
    if share is None or improving.sum() < LEAST_IMPROVING:
        return Learned.CANNOT
    assert share.low is not None and share.high is not None
    if share.high <= FEW:
        return Learned.TOGETHER
    if share.low >= MOST:
        told = having(shapes, Shape.STEP)
        first, last = np.quantile(np.log(places[told if told.any() else improving]), MIDDLE)
        apart = last - first > np.diff(np.log(widths)).max()  # else one gap may hold them
        return Learned.ONE_BY_ONE if apart else Learned.TOGETHER
    return Learned.MIXED if share.low > FEW and share.high < MOST else Learned.CANNOT
