"""The laws: which terms each has, what they are called, and what loss a law's parameters give.

Parameters are in the order of their names: each term's amplitude and exponent, then the floors.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from superscope.errors import UsageError, did_you_mean

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Term:
    """A power of one input: amplitude · (column − offset)^(−exponent).

    Attributes
    ----------
    amplitude, exponent
        The parameters' names.
    column
        The input's column.
    part
        What the term is called when a loss is split into its parts.
    offset
        Subtracted from the input before the power is taken.
    """

    amplitude: str
    exponent: str
    column: str
    part: str
    offset: float = 0.0


@dataclass(frozen=True)
class Form:
    """A law's form: power terms and a floor, and the objective it is fitted by.

    Attributes
    ----------
    name, formula, source
        What it is called, looks like, and comes from.
    terms
        Its powers.
    floor
        The floor's name; one for each group, ``floor[group]``, where points have groups.
    loss, residual
        Objective: ``huber`` or ``squared``, of ``log`` or ``plain`` residuals.
    delta
        Where Huber's function turns from a square to a line.
    """

    name: str
    formula: str
    source: str
    terms: tuple[Term, ...]
    floor: str
    loss: str
    residual: str
    delta: float = 1e-3

    @property
    def columns(self) -> tuple[str, ...]:
        """The inputs' columns."""
        return tuple(term.column for term in self.terms)

    @property
    def exponents(self) -> tuple[str, ...]:
        """The exponents' names."""
        return tuple(term.exponent for term in self.terms)


FORMS: dict[str, Form] = {
    form.name: form
    for form in (
        Form("power", "L = A x^(-alpha) + B", "", (Term("A", "alpha", "x", "x"),), "B",
             "squared", "log"),
        Form("width", "L_g = A m^(-alpha) + B[g]", "LLG25",
             (Term("A", "alpha", "width", "width"),), "B", "squared", "plain"),
        Form("chinchilla", "L = A N^(-alpha) + B D^(-beta) + E", "H22, B24",
             (Term("A", "alpha", "parameters", "parameters"), Term("B", "beta", "tokens", "data")),
             "E", "huber", "log"),
        Form("shape", "L = c_m m^(-a_m) + c_l l^(-a_l) + c_D D^(-a_D) + E", "L26d",
             (Term("c_m", "a_m", "width", "width"), Term("c_l", "a_l", "depth", "depth"),
              Term("c_D", "a_D", "tokens", "data")), "E", "squared", "log"),
        Form("time", "L = c t^(-alpha) + B", "L26t", (Term("c", "alpha", "tokens", "time"),), "B",
             "squared", "log"),
    )
}  # fmt: skip


def make_form(law: str, *, x: str | None = None, depth_offset: float = 0.0) -> Form:
    """Return a law's form; `x` and `depth_offset` are those of :class:`FitOptions`.

    Raises
    ------
    UsageError
        An unknown law, or an argument that it does not have.
    """
    if law not in FORMS:
        hint = did_you_mean(law, FORMS, 0.5)
        raise UsageError(f"no law is called {law!r}; {hint}laws: {', '.join(FORMS)}")
    form = FORMS[law]
    if law == "power" and x is None:
        raise UsageError("the law power needs x='COLUMN', the column that it is a power of")
    if x is not None:
        if law not in ("power", "time"):
            raise UsageError(f"x names the input of power or time; {law} has its own columns")
        (term,) = form.terms
        form = replace(form, terms=(replace(term, column=x, part=x if law == "power" else "time"),))
    if depth_offset:
        if law != "shape":
            raise UsageError(f"depth_offset belongs to the law shape, not {law}")
        terms = (replace(t, offset=depth_offset) if t.column == "depth" else t for t in form.terms)
        form = replace(form, terms=tuple(terms))
    return form


def parts(inputs: Floats, group: npt.NDArray[np.int64], parameters: Floats) -> Floats:
    """Return the loss by its terms and the floor: a last axis of k + 1.

    Parameters
    ----------
    inputs
        Offsets subtracted, shape (N, k).
    group
        Each input's floor, shape (N,).
    parameters
        Shape (P,) or (R, P): the result is (N, k + 1) or (R, N, k + 1).
    """
    k = inputs.shape[1]
    logs = np.log(inputs)
    powers = parameters[..., None, 0 : 2 * k : 2] * np.exp(
        -parameters[..., None, 1 : 2 * k : 2] * logs
    )
    return np.concatenate([powers, parameters[..., 2 * k + group, None]], axis=-1)


def slopes(
    inputs: Floats, group: npt.NDArray[np.int64], parameters: Floats, *, log: bool
) -> Floats:
    """Return derivatives of the loss, or of its logarithm, by the parameters (P,): (N, P)."""
    k = inputs.shape[1]
    logs = np.log(inputs)
    powers = np.exp(-parameters[1 : 2 * k : 2] * logs)
    result = np.zeros((len(inputs), len(parameters)))
    result[:, 0 : 2 * k : 2] = powers
    result[:, 1 : 2 * k : 2] = -parameters[0 : 2 * k : 2] * logs * powers
    result[np.arange(len(inputs)), 2 * k + group] = 1
    if log:
        result /= parts(inputs, group, parameters).sum(axis=1)[:, None]
    return result
