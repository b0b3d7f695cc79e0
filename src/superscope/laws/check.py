"""Whether the parts of a law that was read fit together."""

from __future__ import annotations

import numpy as np

from superscope.laws.formula import FORMS, Form
from superscope.laws.points import Points


def wrong_form(form: Form) -> str:
    """Return what is wrong with a form; empty if it is one of the laws."""
    known = FORMS.get(form.name)
    named = [(t.amplitude, t.exponent) for t in form.terms]
    if known is None or named != [(t.amplitude, t.exponent) for t in known.terms]:
        return f"{form.name!r} with terms {named} is not a form of law"
    if form.loss not in ("huber", "squared") or form.residual not in ("log", "plain"):
        return f"its objective is {form.loss!r} of {form.residual!r} residuals"
    return ""


def wrong_points(form: Form, points: Points) -> str:
    """Return what is wrong with a law's points; empty if nothing is."""
    n, k = len(points.loss), len(form.terms)
    shapes = {
        "inputs": (points.inputs.shape, (n, k)), "weights": (points.weights.shape, (n,)),
        "group": (points.group.shape, (n,)), "unit": (points.unit.shape, (n,)),
        "rows": (points.rows.shape, (n,)), "labels": ((len(points.labels),), (n,)),
        "loss_se": (points.loss_se.shape, (n if points.loss_se.size else 0,)),
    }  # fmt: skip
    for name, (found, expected) in shapes.items():
        if found != expected:
            return f"{name} has the shape {found}, not {expected}"
    for name, numbers in {
        "a loss": points.loss, "an input": points.inputs, "a weight": points.weights,
        "a standard error": points.loss_se,
    }.items():  # fmt: skip
        if not (n and np.isfinite(numbers).all() and (numbers > 0).all()):
            return f"{name} is not positive and finite"
    if not (points.group.min() >= 0 and points.group.max() < len(points.groups)):
        return "a point has no group"
    return ""
