"""Variable projection, compiled: amplitudes and floors solved for, exponents searched.

A law is s = Σ_j c_j exp(−θ_j x_j) + c_{k+g}: k terms with inputs x in logarithm and one floor for
each group g. Given the exponents θ, the best c within its bounds is found first; the search over θ
then sees only the reduced objective (Golub and Pereyra 1973), whose gradient is the partial one.
Both stages take Newton steps that are damped towards iteratively reweighted Gauss-Newton, which
descends where Newton's curvature is of no use: a Huber objective with δ = 1e-3 has next to none
far from its minimum.

Everything here is plain loops over the points of one problem; :mod:`superscope.laws.solver` is the
way in.
"""

from __future__ import annotations

import numpy as np
from numba import float64, int64, types

from superscope.compiled import njit

OUTER, INNER = 200, 100  # most steps of a search, and of one projection
LONGEST = 1.0  # most that a step changes an exponent by

_vec, _mat = float64[::1], float64[:, ::1]


@njit(types.void(_vec, _mat, _mat), fastmath=False)
def _powers(theta, x, phi):  # type: ignore[no-untyped-def]
    """Set phi to exp(−θ x)."""
    n, k = x.shape
    for i in range(n):
        for j in range(k):
            phi[i, j] = np.exp(-theta[j] * x[i, j])


@njit(float64(_vec, _vec, _mat, int64[::1], _vec, types.boolean, float64), fastmath=False)
def _objective(c, w, phi, group, y, log, delta):  # type: ignore[no-untyped-def]
    """Return Σ w ρ(r); infinite where a logarithm has no argument."""
    n, k = phi.shape
    total = 0.0
    for i in range(n):
        if w[i] == 0.0:
            continue
        s = c[k + group[i]]
        for j in range(k):
            s += c[j] * phi[i, j]
        if log:
            if not s > 0.0:
                return np.inf
            r = y[i] - np.log(s)
        else:
            r = y[i] - s
        a = abs(r)
        total += w[i] * (0.5 * r * r if a <= delta else delta * (a - 0.5 * delta))
    return total


@njit(
    types.void(_vec, _vec, _mat, _mat, int64[::1], _vec, types.boolean, float64, types.boolean,
               _vec, _mat, _mat),
    fastmath=False,
)  # fmt: skip
def _derivatives(c, w, x, phi, group, y, log, delta, all_, grad, newton, gauss):  # type: ignore[no-untyped-def]
    """Set the gradient, Newton's and the reweighted Gauss-Newton matrix.

    Order: linear parameters (terms, floors), then exponents; these only if `all_`.
    """
    n, k = phi.shape
    p = c.shape[0]
    size = p + k if all_ else p
    for a in range(size):
        grad[a] = 0.0
        for b in range(size):
            newton[a, b] = 0.0
            gauss[a, b] = 0.0
    # A row touches its k terms, its own floor and the k exponents.
    width = k + 1 + (k if all_ else 0)
    at = np.empty(width, np.int64)
    d = np.empty(width)
    for i in range(n):
        if w[i] == 0.0:
            continue
        floor = k + group[i]
        s = c[floor]
        for j in range(k):
            s += c[j] * phi[i, j]
            at[j] = j
            d[j] = phi[i, j]
        at[k] = floor
        d[k] = 1.0
        if all_:
            for j in range(k):
                at[k + 1 + j] = p + j
                d[k + 1 + j] = -c[j] * x[i, j] * phi[i, j]
        r = y[i] - (np.log(s) if log else s)
        scale = 1.0 / s if log else 1.0
        inside = abs(r) <= delta
        slope = r if inside else (delta if r > 0 else -delta)  # ρ'
        curvature = 1.0 if inside else 0.0  # ρ''
        majorizer = 1.0 if inside else delta / abs(r)  # ρ'/r
        wi = w[i]
        # Of log s: s_ab/s − s_a s_b/s². Of s: s_ab.
        square = wi * (curvature + (slope if log else 0.0)) * scale * scale
        reweighted = wi * majorizer * scale * scale
        pull = wi * slope * scale
        for a in range(width):
            grad[at[a]] -= pull * d[a]
            for b in range(a + 1):
                dd = d[a] * d[b]
                newton[at[a], at[b]] += square * dd
                gauss[at[a], at[b]] += reweighted * dd
        if all_:
            for j in range(k):
                e = p + j
                newton[e, j] -= pull * (-x[i, j] * phi[i, j])
                newton[e, e] -= pull * (c[j] * x[i, j] * x[i, j] * phi[i, j])


@njit(types.boolean(_vec, _mat, _mat, float64, types.boolean[::1], int64, _vec), fastmath=False)
def _step(grad, newton, gauss, damping, free, size, step):  # type: ignore[no-untyped-def]
    """Solve (newton + damping·gauss) step = −grad on the free entries; False if not definite."""
    index = np.empty(size, np.int64)
    f = 0
    for a in range(size):
        step[a] = 0.0
        if free[a]:
            index[f] = a
            f += 1
    if f == 0:
        return True
    lower = np.empty((f, f))
    rhs = np.empty(f)
    scale = np.empty(f)
    for a in range(f):
        g = gauss[index[a], index[a]]
        scale[a] = 1.0 / np.sqrt(g) if g > 0.0 else 0.0
    for a in range(f):
        rhs[a] = -grad[index[a]] * scale[a]
        for b in range(a + 1):
            i, j = index[a], index[b]
            v = (newton[i, j] + damping * gauss[i, j]) * scale[a] * scale[b]
            if a == b:
                v += 1e-3 * damping + 1e-14  # where the data leave a direction undetermined
                if scale[a] == 0.0:
                    v = 1.0
            lower[a, b] = v
    for a in range(f):
        for b in range(a + 1):
            v = lower[a, b]
            for j in range(b):
                v -= lower[a, j] * lower[b, j]
            if a == b:
                if not v > 1e-15:
                    return False
                lower[a, a] = np.sqrt(v)
            else:
                lower[a, b] = v / lower[b, b]
    for a in range(f):
        v = rhs[a]
        for j in range(a):
            v -= lower[a, j] * rhs[j]
        rhs[a] = v / lower[a, a]
    for a in range(f - 1, -1, -1):
        v = rhs[a]
        for j in range(a + 1, f):
            v -= lower[j, a] * rhs[j]
        rhs[a] = v / lower[a, a]
    for a in range(f):
        step[index[a]] = rhs[a] * scale[a]
    return True


@njit(
    types.boolean(_vec, _vec, _mat, _mat, float64, _vec, _vec, types.boolean[::1], int64, _vec),
    fastmath=False,
)
def _direction(value, grad, newton, gauss, damping, low, high, free, size, step):  # type: ignore[no-untyped-def]
    """Set a step that descends and leaves no bound at once; False if there is none.

    What stands at a bound and would be pushed out by the others is held, and the rest solved for
    again: of those that remain, one at least can move (Bertsekas 1982).
    """
    for a in range(size):
        free[a] = not (
            low[a] == high[a]
            or (value[a] <= low[a] and grad[a] >= 0.0)
            or (value[a] >= high[a] and grad[a] <= 0.0)
        )
    while True:
        if not _step(grad, newton, gauss, damping, free, size, step):
            return False
        pushed = False
        for a in range(size):
            if free[a] and (
                (value[a] <= low[a] and step[a] < 0.0) or (value[a] >= high[a] and step[a] > 0.0)
            ):
                free[a] = False
                pushed = True
        if not pushed:
            return True


@njit(float64(_vec, _vec, _vec, _vec, int64, int64), fastmath=False)
def _reach(value, step, low, high, first, size):  # type: ignore[no-untyped-def]
    """Return the share of a step, at most 1, that stays within the bounds of entries from first."""
    share = 1.0
    for a in range(first, size):
        if step[a] < 0.0 and value[a] + share * step[a] < low[a]:
            share = (low[a] - value[a]) / step[a]
        elif step[a] > 0.0 and value[a] + share * step[a] > high[a]:
            share = (high[a] - value[a]) / step[a]
    return share


@njit(float64(float64, float64, float64, float64, float64), fastmath=False)
def _moved(value, step, share, low, high):  # type: ignore[no-untyped-def]
    """Return a value after a share of its step: exactly at the bound where it ends there."""
    if share * step == 0.0:
        return value
    there = value + share * step
    if there <= low or (step < 0.0 and share == (low - value) / step):
        return low
    if there >= high or (step > 0.0 and share == (high - value) / step):
        return high
    return there


@njit(
    float64(_vec, _vec, _mat, _mat, int64[::1], _vec, types.boolean, float64, _vec, _vec,
            _vec, _mat, _mat, types.boolean[::1], _vec, _vec),
    fastmath=False,
)  # fmt: skip
def _project(c, w, x, phi, group, y, log, delta, low, high, grad, newton, gauss, free, step, trial):  # type: ignore[no-untyped-def]
    """Set c to the best linear parameters within their bounds; return the objective."""
    p = c.shape[0]
    f = _objective(c, w, phi, group, y, log, delta)
    damping = 1.0 if delta < np.inf else (1e-3 if log else 0.0)
    for _ in range(INNER):
        _derivatives(c, w, x, phi, group, y, log, delta, False, grad, newton, gauss)
        better = False
        decrement = 0.0
        new = f
        for tried in range(40):
            if _direction(c, grad, newton, gauss, damping, low, high, free, p, step):
                share = _reach(c, step, low, high, 0, p)
                decrement = 0.0
                for a in range(p):
                    trial[a] = _moved(c[a], step[a], share, low[a], high[a])
                    decrement -= grad[a] * step[a]
                new = _objective(trial, w, phi, group, y, log, delta)
                if new < f:
                    better = True
                    break
                if tried == 0 and decrement * (1.0 + damping) <= 1e-15 * f:
                    break
            damping = max(8.0 * damping, 1e-3)
        if not better:
            break
        gain = f - new
        c[:] = trial
        f = new
        damping = damping / 8.0 if damping > 1e-10 else 0.0
        if gain <= 1e-14 * f and decrement <= 1e-14 * f:
            break
    return f


@njit(
    types.void(_vec, _vec, _vec, _mat, int64[::1], _vec, types.boolean, float64, _vec, _vec,
               _vec),
    fastmath=False,
)  # fmt: skip
def _search(theta, c, w, x, group, y, log, delta, low, high, result):  # type: ignore[no-untyped-def]
    """Descend from theta and c in place; result: objective, steps taken, 1 if converged.

    low and high: bounds of the linear parameters, then of the exponents.
    """
    n, k = x.shape
    p = c.shape[0]
    size = p + k
    phi, trial_phi = np.empty((n, k)), np.empty((n, k))
    grad, step = np.empty(size), np.empty(size)
    newton, gauss = np.empty((size, size)), np.empty((size, size))
    inner_grad, inner_step, trial_c = np.empty(p), np.empty(p), np.empty(p)
    inner_newton, inner_gauss = np.empty((p, p)), np.empty((p, p))
    free, inner_free = np.empty(size, np.bool_), np.empty(p, np.bool_)
    value, trial_theta, next_c = np.empty(size), np.empty(k), np.empty(p)
    _powers(theta, x, phi)
    f = _project(c, w, x, phi, group, y, log, delta, low[:p], high[:p],
                 inner_grad, inner_newton, inner_gauss, inner_free, inner_step,
                 trial_c)  # fmt: skip
    damping = 1e-2 if delta == np.inf else 1.0
    converged = 0.0
    taken = 0
    small = 0
    while taken < OUTER:
        taken += 1
        _derivatives(c, w, x, phi, group, y, log, delta, True, grad, newton, gauss)
        for a in range(p):
            value[a] = c[a]
        for j in range(k):
            value[p + j] = theta[j]
        better = False
        new = f
        for tried in range(40):
            if _direction(value, grad, newton, gauss, damping, low, high, free, size, step):
                share = _reach(value, step, low, high, p, size)
                decrement = 0.0
                for a in range(size):
                    decrement -= grad[a] * step[a]
                for j in range(k):  # far from the minimum a step may be anything
                    share = min(share, LONGEST / max(abs(step[p + j]), LONGEST))
                for j in range(k):
                    e = p + j
                    trial_theta[j] = _moved(theta[j], step[e], share, low[e], high[e])
                for a in range(p):
                    next_c[a] = min(max(c[a] + share * step[a], low[a]), high[a])
                _powers(trial_theta, x, trial_phi)
                if not _objective(next_c, w, trial_phi, group, y, log, delta) < np.inf:
                    next_c[:] = c
                new = _project(next_c, w, x, trial_phi, group, y, log, delta, low[:p], high[:p],
                               inner_grad, inner_newton, inner_gauss, inner_free, inner_step,
                               trial_c)  # fmt: skip
                if new < f:
                    better = True
                    break
                if tried == 0 and decrement * (1.0 + damping) <= 1e-15 * f:
                    break
            damping = max(4.0 * damping, 1e-4)
        if not better:  # no step descends any more: at the minimum, to rounding
            converged = 1.0
            break
        gain = f - new
        theta[:] = trial_theta
        c[:] = next_c
        phi[:] = trial_phi
        f = new
        damping = damping / 6.0 if damping > 1e-10 else 0.0
        small = small + 1 if gain <= 1e-13 * f else 0
        if small >= 2 or f < 1e-28 * n:
            converged = 1.0
            break
    result[0] = f
    result[1] = taken
    result[2] = converged


@njit(
    types.void(_mat, types.Array(float64, 3, "C"), _mat, int64[::1], _vec, types.boolean, float64,
               _vec, _vec, _mat, _mat, _mat, types.Array(float64, 3, "C")),
    fastmath=False,
)  # fmt: skip
def solve_many(weights, starts, x, group, y, log, delta, low, high, first, theta, c, results):  # type: ignore[no-untyped-def]
    """Set for each row of weights the best exponents and linear parameters over its starts.

    starts: (B, S, k); first: linear parameters to begin with, (B, p); theta, c: (B, k), (B, p);
    results: (B, S, 3), the objective, the steps and whether it converged, of each start.
    """
    k, p = x.shape[1], first.shape[1]
    trial_theta, trial_c = np.empty(k), np.empty(p)
    for b in range(weights.shape[0]):
        best = np.inf
        for s in range(starts.shape[1]):
            trial_theta[:] = starts[b, s]
            trial_c[:] = first[b]
            _search(trial_theta, trial_c, weights[b], x, group, y, log, delta, low, high,
                    results[b, s])  # fmt: skip
            if results[b, s, 0] < best or s == 0:
                best = results[b, s, 0]
                theta[b] = trial_theta
                c[b] = trial_c
