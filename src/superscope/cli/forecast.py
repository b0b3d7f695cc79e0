"""``superscope forecast``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from superscope.laws.typed import typed_pairs, typed_values


def forecast(
    law: Annotated[Path, Parameter(name="LAW")],
    *,
    width: float | None = None,
    depth: float | None = None,
    parameters: float | None = None,
    tokens: float | None = None,
    input: Annotated[dict[str, float], typed_pairs(typed_values)] = {},  # noqa: B006  (only read)
    group: str | None = None,
    features: int | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
    figures: Path | None = None,
) -> None:
    """Forecast a model's loss and its parts, and the gain from doubling each input.

    Parameters
    ----------
    law
        File that superscope fit --out wrote.
    width
        Width m of the model.
    depth
        Number of layers.
    parameters
        Number of parameters N.
    tokens
        Number of training tokens.
    input
        Another input of the law, such as flop=1e21.
    group
        The group whose floor applies, such as opt/c4, if the law has several.
    features
        Number of tokens or features to represent: a larger width does not help. Default: from the
        data.
    json
        Print one line of JSON instead.
    figures
        Write the figures to this folder, each as PNG, PDF and SVG.
    """
    from superscope.cli.figures import check_folder, write_figures
    from superscope.cli.written import read_law
    from superscope.forecasts import forecast_at

    check_folder(figures)
    given = {"width": width, "depth": depth, "parameters": parameters, "tokens": tokens}
    inputs = {name: value for name, value in given.items() if value is not None}
    fitted = read_law(law)
    said = forecast_at(fitted, inputs | input, group, features)
    write_figures(
        figures, "forecasts",
        lambda room: [room.forecast_parts(said), room.forecast_curve(said, law=fitted)],
    )  # fmt: skip
    print(said.to_json() if json else said)
