"""The least loss at a fixed compute: what is minimized, and Newton's method for many at once.

C = 6 N D. The inputs besides tokens are free, in logarithms u; N is a sum of powers of them, and D
is what is left. Every part of the loss is then the exponential of a convex function of u, and so
is their sum: there is one minimum.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.errors import UsageError
from superscope.laws.formula import Form
from superscope.laws.law import Law

Floats = npt.NDArray[np.float64]

PER_PARAMETER = 6.0  # operations a token and parameter, forward and backward
BODY = 12.0  # parameters of a layer in units of m²
STEPS = 200
FURTHEST = 1e6  # factor beyond which an input's tolerance is not followed


@dataclass(frozen=True)
class Budget:
    """Inputs that share a compute budget under a law.

    Attributes
    ----------
    free
        The columns that are chosen; tokens take what is left.
    offsets
        Of their terms.
    weights, powers
        N = Σ_t weights[t] Π_i (input_i − offset_i)^powers[t, i].
    """

    free: tuple[str, ...]
    offsets: Floats
    weights: Floats
    powers: Floats

    def log_parameters(self, u: Floats) -> tuple[Floats, Floats, Floats]:
        """Return log N (B,), its gradient (B, d) and Hessian (B, d, d) at u (B, d)."""
        exponents = np.log(self.weights) + u @ self.powers.T
        top = exponents.max(axis=1, keepdims=True)
        p = np.exp(exponents - top)
        total = p.sum(axis=1, keepdims=True)
        p /= total
        gradient = p @ self.powers
        second = np.einsum("bt,ti,tj->bij", p, self.powers, self.powers)
        return (
            (top + np.log(total))[:, 0],
            gradient,
            second - gradient[:, :, None] * gradient[:, None, :],
        )

    def _value(
        self, u: Floats, logs: Floats, exponents: Floats, spare: Floats
    ) -> tuple[Floats, Floats, Floats]:
        """Return the logarithm of the loss without its floor, its gradient and Hessian.

        logs: of the amplitudes, data last (B, d + 1); exponents likewise; spare: log C/6 (B,).
        """
        d = u.shape[1]
        n, n1, n2 = self.log_parameters(u)
        data = exponents[:, d]
        g = np.concatenate(
            [logs[:, :d] - exponents[:, :d] * u, (logs[:, d] - data * (spare - n))[:, None]], axis=1
        )
        top = g.max(axis=1, keepdims=True)
        p = np.exp(g - top)
        total = p.sum(axis=1, keepdims=True)
        p /= total
        slopes = np.zeros((len(u), d + 1, d))
        slopes[:, np.arange(d), np.arange(d)] = -exponents[:, :d]
        slopes[:, d] = data[:, None] * n1
        gradient = np.einsum("bj,bji->bi", p, slopes)
        hessian = np.einsum("bj,bji,bjk->bik", p, slopes, slopes)
        hessian -= gradient[:, :, None] * gradient[:, None, :]
        hessian += (p[:, d] * data)[:, None, None] * n2
        return (top + np.log(total))[:, 0], gradient, hessian

    def best(self, law: Form, parameters: Floats, compute: Floats) -> Floats:
        """Return the best u, shape (B, d), for parameters (B, P) and budgets (B,)."""
        if law.name == "chinchilla":
            return chinchilla_optimum(parameters, compute)[:, None]
        d = len(self.free)
        order = [law.columns.index(c) for c in (*self.free, "tokens")]
        logs = np.log(parameters[:, [2 * i for i in order]])
        exponents = parameters[:, [2 * i + 1 for i in order]]
        spare = np.log(compute / PER_PARAMETER)
        u = np.full((len(parameters), d), 3.0)
        value, gradient, hessian = self._value(u, logs, exponents, spare)
        for _ in range(STEPS):
            # Where one part outweighs all others the logarithm has no curvature.
            size = np.abs(gradient).max(axis=1) + 1e-9
            ridge = (1e-3 * size)[:, None, None] * np.eye(d)
            step = -np.linalg.solve(hessian + ridge, gradient[:, :, None])[:, :, 0]
            step *= np.minimum(1, 3 / np.maximum(np.abs(step).max(axis=1), 1e-300))[:, None]
            for _halving in range(40):
                moved = self._value(u + step, logs, exponents, spare)
                worse = ~(moved[0] <= value + 1e-13 * (1 + np.abs(value)))
                if not worse.any():
                    break
                step[worse] /= 2
            u = u + np.where(worse[:, None], 0, step)
            value, gradient, hessian = self._value(u, logs, exponents, spare)
            if not len(u) or np.abs(step).max() < 1e-12:
                break
        return u

    def inputs(self, u: Floats, compute: Floats) -> dict[str, Floats]:
        """Return the inputs by name, N and D among them, shape (B,) each."""
        chosen = {c: np.exp(u[:, i]) + self.offsets[i] for i, c in enumerate(self.free)}
        parameters = np.exp(self.log_parameters(u)[0])
        return chosen | {
            "parameters": parameters, "tokens": compute / (PER_PARAMETER * parameters)
        }  # fmt: skip


def chinchilla_optimum(parameters: Floats, compute: Floats) -> Floats:
    """Return log N of the least loss A N^(−α) + B D^(−β) at C = 6 N D (H22, equation 4).

    N = (αA / βB)^(1 / (α + β)) · (C / 6)^(β / (α + β)).
    """
    A, alpha, B, beta = parameters[:, :4].T
    balance = np.log(alpha * A) - np.log(beta * B)
    return np.asarray(
        (balance + beta * np.log(compute / PER_PARAMETER)) / (alpha + beta), np.float64
    )


def make_budget(law: Law, vocabulary: int, tied: bool) -> Budget:
    """Return the inputs that share a budget under a law.

    Raises
    ------
    UsageError
        A law that does not say how size and data trade, or an argument it has no use for.
    """
    if law.form.name == "chinchilla":
        if vocabulary or tied:
            raise UsageError("vocabulary and tied belong to the law shape; chinchilla knows only N")
        return Budget(("parameters",), np.zeros(1), np.ones(1), np.ones((1, 1)))
    if law.form.name == "shape":
        offset = next(t.offset for t in law.form.terms if t.column == "depth")
        terms = [(BODY, (2, 1)), (BODY * offset, (2, 0)),
                 (vocabulary * (1.0 if tied else 2.0), (1, 0))]  # fmt: skip
        there = [(weight, power) for weight, power in terms if weight]
        return Budget(
            ("width", "depth"), np.array([0.0, offset]), np.array([w for w, _ in there]),
            np.array([p for _, p in there], np.float64),
        )  # fmt: skip
    raise UsageError(
        f"a plan needs a law of size and data, shape or chinchilla; this is {law.form.name}"
    )


def point_compute(law: Law) -> Floats:
    """Return the compute 6 N D of each point of a law, shape (n,), embeddings not counted."""
    budget = make_budget(law, 0, tied=False)
    columns = list(law.form.columns)
    inputs = law.points.inputs
    parameters, _, _ = budget.log_parameters(
        np.log(inputs[:, [columns.index(n) for n in budget.free]])
    )
    tokens = inputs[:, columns.index("tokens")]
    return np.asarray(PER_PARAMETER * np.exp(parameters) * tokens, np.float64)


def law_inputs(law: Law, inputs: dict[str, Floats]) -> Floats:
    """Return inputs by name, one of each, as the law takes them: offsets subtracted, (1, k)."""
    return np.array([[inputs[t.column][0] - t.offset for t in law.form.terms]])


def held_loss(budget: Budget, law: Law, compute: float, name: str) -> Callable[[float], float]:
    """Return the least loss as a function of one input, the others chosen at the same compute."""
    from scipy.optimize import minimize_scalar

    def loss(u: Floats) -> float:
        inputs = budget.inputs(u[None], np.array([compute]))
        x = law_inputs(law, inputs)
        return float(law.loss(x, np.array([0]))[0]) if (x > 0).all() else math.inf

    def least(value: float) -> float:
        if len(budget.free) == 1:
            return loss(np.log([value if name == "parameters" else _parameters(compute, value)]))
        if name in budget.free:
            at = budget.free.index(name)
            held = math.log(value - budget.offsets[at])

            def one(other: float) -> float:
                return loss(np.insert(np.array([other]), at, held))

            return float(minimize_scalar(one, bounds=(-10, 40), method="bounded",
                                         options={"xatol": 1e-9}).fun)  # fmt: skip
        n = value if name == "parameters" else _parameters(compute, value)

        def along(log_width: float) -> float:  # depth is what this width leaves of N
            without, a_layer = _at_width(budget, math.exp(log_width))
            layers = (n - without) / a_layer
            return loss(np.array([log_width, math.log(layers)])) if layers > 0 else math.inf

        low, high = -10.0, 0.5 * math.log(n)  # beyond the widest that leaves anything for depth
        for _ in range(200):
            middle = (low + high) / 2
            enough = _at_width(budget, math.exp(middle))[0] < n
            low, high = (middle, high) if enough else (low, middle)
        return float(minimize_scalar(along, bounds=(-10, low), method="bounded",
                                     options={"xatol": 1e-10}).fun)  # fmt: skip

    return least


def _at_width(budget: Budget, width: float) -> tuple[float, float]:
    """Return the parameters that a width has without layers that count, and those of a layer."""
    by_depth = budget.powers[:, 1] > 0
    terms = budget.weights * width ** budget.powers[:, 0]
    return float(terms[~by_depth].sum()), float(terms[by_depth].sum())


def _parameters(compute: float, tokens: float) -> float:
    return compute / (PER_PARAMETER * tokens)


def tolerance(
    least: Callable[[float], float], best: float, worth: float, floor: float
) -> tuple[float | None, float | None]:
    """Return how low and how high an input may be before the loss exceeds `worth`."""
    from scipy.optimize import brentq

    def end(factor: float) -> float | None:
        near, far = best, best
        while max(far / best, best / far) < FURTHEST:
            far = floor + (near - floor) * factor if factor < 1 else near * factor
            if not least(far) <= worth:
                return float(brentq(lambda v: min(least(v), 2 * worth) - worth, near, far))
            near = far
        return None

    return end(0.7), end(1.4)
