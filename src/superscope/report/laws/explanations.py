"""What every term of a law's page means, in sentences."""

from __future__ import annotations

from superscope.figures.draw.drawable import shown
from superscope.forecasts import Plan
from superscope.laws import Law
from superscope.text import sentence

VERDICT = "identified, not identified, refused"
_OF_EVERY_LAW = {
    VERDICT: "The verdict on the law. It is identified if the data determine every parameter, "
    "whichever points are left out. Each reservation is a reason for care. One grave reason, "
    "marked ✕, is enough for a law that is not identified: do not build on its exponents. A law "
    "is refused where its form does not hold: the points lie on another curve.",
}
_OF_NUMBERS = {
    "value": "The parameter in the best fit found. An amplitude says how large a part of the loss "
    "is, an exponent how fast that part falls with its input. The floor is the loss that no "
    "input removes.",
    "± s.e.": "The standard error from the joint Jacobian of all parameters. It takes points as "
    "independent of each other. A parameter that is held was not fitted and has none.",
    "95 % interval": "Where the parameter lies, at a confidence of 95 %. This is the interval to "
    "cite. The line on intervals says how it was made.",
    "objective": "What the fit makes as small as it can: a sum over all points of half the squared "
    "residuals, or of Huber’s function, which counts a large residual less than its square.",
    "residual": "How far a measured loss lies from the law, as a logarithm of their ratio or as a "
    "difference; the objective says which. Its rms is the scatter of single points about the "
    "law: the root of the sum of squares over the degrees of freedom.",
    "degrees of freedom": "The number of points minus the number of fitted parameters.",
    "points": "The rows of the table that were fitted. Points of one group share a floor.",
    "intervals": "How the intervals of the parameters were made: by BCa from resamples, from "
    "fits without each of a few runs, or from the joint Jacobian.",
}
_OF_RESAMPLES = {
    "BCa": "The bias-corrected and accelerated bootstrap (Efron 1987). Rows, or all rows of a run "
    "or of a model together, are drawn at random with replacement, and the law is fitted again. "
    "The interval’s ends are quantiles of these fits, corrected for their bias and skew, and "
    "moved outwards where few units were drawn. It stays right where the points of one run or "
    "model depend on each other.",
}
_OF_JACOBIAN = {
    "joint Jacobian": "How the fitted losses change with all parameters at once. Its interval is "
    "the value ± Student’s quantile times the standard error. It takes points as independent, "
    "and the law as straight near the best fit.",
}
_OF_RUNS = {
    "jackknife": "The law is fitted again without each run, and the interval is Student’s, with a "
    "degree of freedom less than there are runs. It does not take points of a run as independent.",
}
_OF_SEARCH = {
    "starts": "The search begins from many different exponents. The share says how many of these "
    "starts ended in the best minimum. Where few did, a better one may exist.",
    "condition": "The condition number of the joint Jacobian, with columns of unit length. At 1 "
    "every parameter changes the losses in a way of its own. The larger it is, the more easily "
    "parameters can replace each other. If it is singular, some cannot be determined.",
}
_OF_PROFILES = {
    "profile": "The interval that the objective itself gives an exponent. The exponent is held at "
    "one value after another, and all else is fitted again. The interval ends where the "
    "objective has risen by more than chance allows. It need not be symmetric, but it takes "
    "points as independent. Cite the 95 % interval of the table. Where the profile’s interval "
    "is much wider, or has no end, say so beside it.",
}
_OF_JUDGE = {
    "exclusion": "The law is fitted again with each rule lifted, and with other numbers of the "
    "highest losses left out. An exponent should stay inside its own interval.",
    "jackknife": "The law is fitted again without each point, and without each run or model. The "
    "shift of an exponent is told in standard errors, or in standard deviations of its "
    "resamples where there are any. It shows which point the law hangs on. Of few runs the "
    "intervals come from the same fits: Student’s, with a degree of freedom less than runs.",
}
_OF_FORM = {
    "form": "Whether the residuals are noise about the law, or follow the inputs. Looked for are "
    "places beyond which an exponent is another, exponents that differ between groups or with "
    "another input, neighbouring residuals that are alike, and means of repeated points that lie "
    "off. p is the chance of residuals as orderly as these if the form is true, with the number "
    "of looks taken into account. At 0.05 or below the form does not hold.",
    "loss_se": "The standard errors that the table states, beside the residuals, by χ². Errors of "
    "the text alone leave out what else makes models scatter, and residuals are then larger.",
}
_OF_BANDS = {
    "95 % of the law": "The band in the figures: the interval of the law’s value at each input. "
    "A new model scatters about the law, so the interval of its loss is wider.",
}
_OF_FIT = {
    "seed": "It fixes the random choices, so that the same table gives the same numbers again.",
}
_OF_PLAN = {
    "best": "The inputs of least loss among all that cost the same compute, 6 N D operations.",
    "costs < 1 %": "How far this input can be from its best value, the compute unchanged, while "
    "the loss rises by less than 1 %.",
    "change if doubled alone": "How the loss changes if only this input is twice as large.",
    "grows as C^": "The power of the compute C by which the best value of this input grows.",
}

_OF_METHODS = {"bca": _OF_RESAMPLES, "jackknife": _OF_RUNS}


def explanations(law: Law, plan: Plan | None = None) -> dict[str, str]:
    """Return the terms that the page of a law uses, in its order, and what each means.

    Among them are the kinds of its findings, as
    :class:`~superscope.laws.FitStatus` defines them.
    """
    found = {f.status.value: shown(sentence(f.status.meaning)) for f in law.findings}
    return {
        **_OF_EVERY_LAW,
        **found,
        **_OF_NUMBERS,
        **_OF_METHODS.get(law.interval_method, _OF_JACOBIAN),
        **_OF_SEARCH,
        **(_OF_PROFILES if law.profiles else {}),
        **(_OF_JUDGE if law.options.judge else {}),
        **({} if law.form_test is None else _OF_FORM),
        **_OF_BANDS,
        **_OF_FIT,
        **({} if plan is None else _OF_PLAN),
    }
