"""Tell which tokens a family learns at which width."""

from __future__ import annotations

import numpy as np

from superscope.arguments import checked
from superscope.errors import UsageError
from superscope.laws import Estimate
from superscope.study.emerging.class_curves import class_curves, next_width
from superscope.study.emerging.classes import Bools
from superscope.study.emerging.curves import Curves
from superscope.study.emerging.of_study import curves_of, too_rare
from superscope.study.emerging.result import Emergence, Learned, Shape
from superscope.study.emerging.scattered import Scattered, scattered
from superscope.study.emerging.shapes import Evidence, Floats, evidence, rejected
from superscope.study.result import Study

NEGLIGIBLE = 0.1  # of its loss: a token that changes less is flat
FEW, MOST = 0.2, 0.8  # share of steps: at most together, at least one by one
LEAST_TOLD = 0.5  # of the tokens that improve, before anything is said
LEAST_STEPS = 5  # before their order is looked at
DRAWS = 1000  # of tokens, for the interval of the share


@checked
def emergence(
    study: Study | Curves,
    *,
    family: str | None = None,
    least: int = 50,
    threshold: float | None = None,
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
        or no token is frequent enough.

    Examples
    --------
    >>> from superscope.study import emergence, read
    >>> print(emergence(read("study"), threshold=2))  # doctest: +SKIP
    """
    if not 0 < fdr < 1:
        raise UsageError(f"fdr={fdr}; it must be between 0 and 1")
    if threshold is not None and not threshold > 0:
        raise UsageError(f"threshold={threshold}; it must be above 0 bits")
    if resamples < 100:
        raise UsageError(f"resamples={resamples}; it must be at least 100")
    curves = study if isinstance(study, Curves) else curves_of(study, least, family)
    one = scattered(curves)
    found = evidence(one.candidates, one.contrasts, one.noise, resamples, seed)
    improving = rejected(found.p_flat, fdr)
    shapes = _shapes(curves, one, found, improving, fdr)
    share = _share(found, improving, seed)
    places = one.candidates.places(one.contrasts)
    rare = 0 if isinstance(study, Curves) else too_rare(study, least)
    return Emergence(
        text="curves" if isinstance(study, Curves) else study.text,
        widths=curves.widths, models=curves.seeds, ids=curves.ids, names=curves.names,
        occurrences=curves.occurrences, losses=curves.losses, errors=one.deviations,
        shapes=shapes, for_step=found.for_step, p_flat=found.p_flat, p_power=found.p_power,
        p_step=found.p_step, places=places, share=share,
        order=_order(curves.occurrences, places, shapes), scatter=one.scatter,
        scatter_known=curves.scatter is not None, fdr=float(fdr), rare=rare, least=least,
        threshold=None if threshold is None else float(threshold),
        classes=class_curves(curves, one, shapes, threshold, seed),
        next_width=next_width(curves.widths), verdict=_verdict(shapes, improving, share, places),
    )  # fmt: skip


def _shapes(
    curves: Curves, one: Scattered, found: Evidence, improving: Bools, fdr: float
) -> tuple[Shape, ...]:
    step, power = np.zeros(len(curves), np.bool_), np.zeros(len(curves), np.bool_)
    step[improving] = rejected(found.p_power[improving], fdr)
    power[improving] = rejected(found.p_step[improving], fdr)
    change = np.abs(curves.losses[:, 0] - curves.losses[:, -1]) + 1.96 * one.of_change
    flat = ~improving & (change < NEGLIGIBLE * curves.losses.mean(axis=1))
    told = np.select([step, power, flat], [1, 2, 3], 0).tolist()
    return tuple((Shape.UNTOLD, Shape.STEP, Shape.POWER, Shape.FLAT)[k] for k in told)


def _share(found: Evidence, improving: Bools, seed: int) -> Estimate | None:
    """Return the share of steps that gives the likelihood ratios of all tokens together.

    Each ratio, as a probability, has one mean if the token's fitted power law is true and another
    if its fitted step is; the share is the regression of what it is on the difference.
    """
    is_, if_power, if_step = found.chance[:, improving]
    apart = if_step - if_power
    above, size = apart * (is_ - if_power), apart**2
    if not size.sum() > 0:
        return None
    drawn = np.random.default_rng(seed).multinomial(len(size), np.full(len(size), 1 / len(size)),
                                                    DRAWS)  # fmt: skip
    shares = (drawn @ above) / np.maximum(drawn @ size, np.finfo(float).tiny)
    low, high = np.clip(np.quantile(shares, [0.025, 0.975]), 0, 1).tolist()
    return Estimate(float(np.clip(above.sum() / size.sum(), 0, 1)), low, high)


def _order(occurrences: Floats, places: Floats, shapes: tuple[Shape, ...]) -> float | None:
    steps = np.array([shape is Shape.STEP for shape in shapes], np.bool_)
    if steps.sum() < LEAST_STEPS:
        return None
    from scipy.stats import rankdata

    a, b = rankdata(occurrences[steps]), rankdata(places[steps])
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(np.corrcoef(a, b)[0, 1])


def _verdict(
    shapes: tuple[Shape, ...], improving: Bools, share: Estimate | None, places: Floats
) -> Learned:
    told = np.array([shape in (Shape.STEP, Shape.POWER) for shape in shapes], np.bool_)
    if share is None or told.sum() < LEAST_TOLD * improving.sum():
        return Learned.CANNOT
    assert share.low is not None and share.high is not None
    if share.high <= FEW:
        return Learned.TOGETHER
    if share.low >= MOST:
        steps = places[np.array([shape is Shape.STEP for shape in shapes], np.bool_)]
        return Learned.ONE_BY_ONE if len(steps) and np.ptp(steps) > 0 else Learned.TOGETHER
    return Learned.MIXED if share.low > FEW and share.high < MOST else Learned.CANNOT
