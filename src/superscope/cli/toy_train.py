"""``superscope toy train``."""

from __future__ import annotations

import json as to_json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from superscope.atomic import check_writable
from superscope.errors import UsageError


def toy_train(
    *,
    n: int = 1000,
    width: int = 39,
    frequencies: str = "power",
    alpha: float = 1.0,
    scale: float | None = None,
    density: float = 1.0,
    groups: str = "1",
    decay: float = -1.0,
    batch: int = 2048,
    steps: int = 20_000,
    warmup: int | None = None,
    learning_rate: float = 1e-2,
    bias_learning_rate: float | None = None,
    seed: int = 0,
    engine: Literal["numba", "torch"] = "numba",
    device: str = "auto",
    json: Annotated[bool, Parameter(negative="")] = False,
    out: Path | None = None,
) -> None:
    """Train one toy model of superposition and say how it packs its features.

    Parameters
    ----------
    n
        Number of features.
    width
        m, the dimensions they share.
    frequencies
        power, exponential or linear; or a file of n probabilities: .npy, or text with one a line.
    alpha
        Exponent of power: p ∝ i^(−α).
    scale
        s of exponential, p ∝ exp(−i/s); default: n/25.6.
    density
        Features active in a sample on average; multiplies probabilities from a file.
    groups
        Consecutive ranks that share one gate; or a .json file with lists of feature ids.
    decay
        γ: weight decay if positive, growth toward unit norms if negative.
    batch
        Samples a step.
    steps
        Number of steps.
    warmup
        Steps of linear warm-up; default: a tenth of the steps.
    learning_rate
        At its peak; a cosine takes it to 5 % after the warm-up.
    bias_learning_rate
        Of the biases, if it differs.
    seed
        Draws initial weights and samples.
    engine
        numba: fast, CPU. torch: plain, any device.
    device
        Where engine torch trains: cpu, cuda, …; auto is a GPU where there is one.
    json
        Print one line of JSON instead of the table.
    out
        Write the run, with its weights, to this .npz file.
    """
    from superscope.atomic import write_whole
    from superscope.cli.terminal import progress_bar
    from superscope.toy import ToyConfig, ToyPoint, evaluate, to_bytes, train
    from superscope.toy.inputs import resolved_files

    if out is not None:
        _check_output(out)
    given = resolved_files({"frequencies": frequencies, "groups": groups}, Path())
    config = ToyConfig(
        n=n, width=width, frequencies=given["frequencies"], alpha=alpha, scale=scale,
        density=density, groups=given["groups"], decay=decay, batch=batch, steps=steps,
        warmup=warmup, learning_rate=learning_rate, bias_learning_rate=bias_learning_rate,
        seed=seed, engine=engine,
    )  # fmt: skip
    with progress_bar() as progress:
        run = train(config, device=device, progress=progress)
    if out is not None:
        with write_whole(out) as file:
            file.write(to_bytes(run))
    point, fresh = ToyPoint.of(run), evaluate(run)
    if json:
        print(to_json.dumps({
            "observation": asdict(point.observation),
            "unrepresented_loss": point.unrepresented_loss,
            "interference_loss": point.interference_loss,
            "expected_unrepresented_loss": point.expected_loss,
            "fresh_loss": fresh.loss,
            "fresh_loss_se": fresh.loss_se,
            "seconds": run.seconds,
            "config": asdict(config),
        }))  # fmt: skip
        return
    from superscope.geometry.baselines import welch_floor

    o = point.observation
    rows: list[tuple[str, Any]] = [
        ("loss, last 100 steps", f"{run.loss:.6g}"
         + (f" ± {run.loss_se:.2g}" if run.loss_se is not None else "")),
        ("  of unrepresented features", f"{point.unrepresented_loss:.6g} "
         f"(expected: {point.expected_loss:.6g})"),
        ("  of interference", f"{point.interference_loss:.6g}"),
        ("loss on fresh samples", f"{fresh.loss:.6g} ± {fresh.loss_se:.2g}"),
        ("represented, norm above ½", f"{run.represented_fraction:.4g}"),
    ]  # fmt: skip
    if o.mean_square_overlap is not None:
        rows.append((
            "mean square overlap",
            f"{o.mean_square_overlap:.6g}: {o.mean_square_overlap * width:.3g} × chance (1/m), "
            f"Welch floor {welch_floor(n, width):.4g}",
        ))  # fmt: skip
    rows.append(("seconds", f"{run.seconds:.1f}"))
    print(f"toy model {config.identity}: {_title(config)}")
    for label, value in rows:
        print(f"{label:<28} {value}")


def _title(config: Any) -> str:
    law = config.frequencies if isinstance(config.frequencies, str) else "given frequencies"
    if law == "power":
        law = f"p ∝ i^{_signed(-config.alpha)}"
    return (
        f"n = {config.n:,}, m = {config.width:,}, {law}, γ = {_signed(config.decay)}, "
        f"seed {config.seed}"
    )


def _signed(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _check_output(out: Path) -> None:
    """Refuse a file that could not be written, before the work instead of after it."""
    if out.suffix != ".npz":
        raise UsageError(f"{out}: a run is written as .npz")
    check_writable(out)
