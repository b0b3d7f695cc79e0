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
from superscope.laws.kernel_types import CUBE, FOUND, MATRIX, SYSTEM, TARGET, VECTOR, System

OUTER, INNER = 200, 100  # most steps of a search, and of one projection
LONGEST = 1.0  # most that a step changes an exponent by


@njit(types.void(VECTOR, MATRIX, MATRIX), fastmath=False)
def _powers(theta, x, phi):  # type: ignore[no-untyped-def]
    """Set phi to exp(−θ x)."""
    n, k = x.shape
    for i in range(n):
        for j in range(k):
            phi[i, j] = np.exp(-theta[j] * x[i, j])


@njit(float64(VECTOR, VECTOR, MATRIX, TARGET), fastmath=False)
def _objective(c, w, phi, target):  # type: ignore[no-untyped-def]
    """Return Σ w ρ(r); infinite where a logarithm has no argument."""
    group, y, log, delta = target.group, target.y, target.log, target.delta
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


@njit(types.void(SYSTEM, TARGET, int64), fastmath=False)
def _tie(system, target, size):  # type: ignore[no-untyped-def]
    """Add derivatives by tied parameters to those by the first of them, lower triangles only."""
    for a in range(size):
        first = target.leader[a]
        if first == a:
            continue
        system.gradient[first] += system.gradient[a]
        system.gradient[a] = 0.0
        for matrix in (system.newton, system.gauss):
            matrix[first, first] += 2.0 * matrix[a, first] + matrix[a, a]
            for b in range(size):
                if b not in (first, a):
                    matrix[max(first, b), min(first, b)] += matrix[max(a, b), min(a, b)]
                matrix[max(a, b), min(a, b)] = 0.0


@njit(types.void(VECTOR, VECTOR, MATRIX, TARGET, types.boolean, SYSTEM), fastmath=False)
def _derivatives(c, w, phi, target, all_, system):  # type: ignore[no-untyped-def]
    """Set the gradient, Newton's and the reweighted Gauss-Newton matrix.

    Order: linear parameters (terms, floors), then exponents; these only if `all_`.
    """
    x, group, y = target.x, target.group, target.y
    log, delta = target.log, target.delta
    grad, newton, gauss = system.gradient, system.newton, system.gauss
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
    _tie(system, target, size)


@njit(types.boolean(SYSTEM, float64), fastmath=False)
def _step(system, damping):  # type: ignore[no-untyped-def]
    """Solve (newton + damping·gauss) step = −gradient where free; False if not definite."""
    grad, newton, gauss, free, step = system
    size = len(step)
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


@njit(types.boolean(VECTOR, TARGET, float64, SYSTEM), fastmath=False)
def _direction(value, target, damping, system):  # type: ignore[no-untyped-def]
    """Set a step that descends and leaves no bound at once; False if there is none.

    What stands at a bound and would be pushed out by the others is held, and the rest solved for
    again: of those that remain, one at least can move (Bertsekas 1982).
    """
    low, high = target.low, target.high
    grad, free, step = system.gradient, system.free, system.step
    size = len(step)
    for a in range(size):
        free[a] = not (
            low[a] == high[a]
            or target.leader[a] != a
            or (value[a] <= low[a] and grad[a] >= 0.0)
            or (value[a] >= high[a] and grad[a] <= 0.0)
        )
    while True:
        if not _step(system, damping):
            return False
        pushed = False
        for a in range(size):
            if free[a] and (
                (value[a] <= low[a] and step[a] < 0.0) or (value[a] >= high[a] and step[a] > 0.0)
            ):
                free[a] = False
                pushed = True
        if not pushed:
            for a in range(size):
                step[a] = step[target.leader[a]]
            return True


@njit(float64(VECTOR, VECTOR, TARGET, int64), fastmath=False)
def _reach(value, step, target, first):  # type: ignore[no-untyped-def]
    """Return the share of a step, at most 1, that stays within the bounds of entries from first."""
    low, high = target.low, target.high
    share = 1.0
    for a in range(first, len(step)):
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


@njit(float64(VECTOR, VECTOR, MATRIX, TARGET, SYSTEM, VECTOR), fastmath=False)
def _project(c, w, phi, target, system, trial):  # type: ignore[no-untyped-def]
    """Set c to the best linear parameters within their bounds; return the objective."""
    p = c.shape[0]
    low, high, grad, step = target.low, target.high, system.gradient, system.step
    f = _objective(c, w, phi, target)
    damping = 1.0 if target.delta < np.inf else (1e-3 if target.log else 0.0)
    for _ in range(INNER):
        _derivatives(c, w, phi, target, False, system)
        better = False
        decrement = 0.0
        new = f
        for tried in range(40):
            if _direction(c, target, damping, system):
                share = _reach(c, step, target, 0)
                decrement = 0.0
                for a in range(p):
                    trial[a] = _moved(c[a], step[a], share, low[a], high[a])
                    decrement -= grad[a] * step[a]
                new = _objective(trial, w, phi, target)
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


@njit(types.void(VECTOR, VECTOR, VECTOR, TARGET, VECTOR), fastmath=False)
def _search(theta, c, w, target, result):  # type: ignore[no-untyped-def]
    """Descend from theta and c in place; result: objective, steps, 1 if converged, exponents."""
    x, low, high = target.x, target.low, target.high
    n, k = x.shape
    p = c.shape[0]
    size = p + k
    phi, trial_phi, trial_c = np.empty((n, k)), np.empty((n, k)), np.empty(p)
    whole = System(
        np.empty(size), np.empty((size, size)), np.empty((size, size)), np.empty(size, np.bool_),
        np.empty(size),
    )  # fmt: skip
    inner = System(
        np.empty(p), np.empty((p, p)), np.empty((p, p)), np.empty(p, np.bool_), np.empty(p)
    )
    grad, step = whole.gradient, whole.step
    value, trial_theta, next_c = np.empty(size), np.empty(k), np.empty(p)
    _powers(theta, x, phi)
    f = _project(c, w, phi, target, inner, trial_c)
    damping = 1e-2 if target.delta == np.inf else 1.0
    converged = 0.0
    taken = 0
    small = 0
    while taken < OUTER:
        taken += 1
        _derivatives(c, w, phi, target, True, whole)
        for a in range(p):
            value[a] = c[a]
        for j in range(k):
            value[p + j] = theta[j]
        better = False
        new = f
        for tried in range(40):
            if _direction(value, target, damping, whole):
                share = _reach(value, step, target, p)
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
                if not _objective(next_c, w, trial_phi, target) < np.inf:
                    next_c[:] = c
                new = _project(next_c, w, trial_phi, target, inner, trial_c)
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
    result[3:] = theta


@njit(types.void(MATRIX, CUBE, TARGET, MATRIX, FOUND), fastmath=False)
def solve_many(weights, starts, target, first, found):  # type: ignore[no-untyped-def]
    """Set for each row of weights the best exponents and linear parameters over its starts.

    starts: (B, S, k); first: linear parameters to begin with, (B, p).
    """
    k, p = target.x.shape[1], first.shape[1]
    trial_theta, trial_c = np.empty(k), np.empty(p)
    for b in range(weights.shape[0]):
        best = np.inf
        for s in range(starts.shape[1]):
            trial_theta[:] = starts[b, s]
            trial_c[:] = first[b]
            result = found.searches[b, s]
            _search(trial_theta, trial_c, weights[b], target, result)
            if result[0] < best or s == 0:
                best = result[0]
                found.theta[b] = trial_theta
                found.c[b] = trial_c
