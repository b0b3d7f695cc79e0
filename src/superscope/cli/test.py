"""``superscope test``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from superscope.laws.options import FitOptions


def test(
    source: Annotated[str, Parameter(name="LAW|TABLE")],
    *,
    against: Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative="")],
    law: Literal["power", "width", "chinchilla", "shape", "time"] | None = None,
    options: Annotated[FitOptions, Parameter(name="*")] = FitOptions(),  # noqa: B008  (frozen)
    data_dir: Path | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Test a restriction of a law, such as exponents that theory gives, on the law's points.

    Both are fitted to the same points. The p-value is that of resamples under the restriction, in
    which whole runs (or rows) get a random sign; the classical F, which takes every point as
    independent, stands beside it.

    Parameters
    ----------
    source
        File that superscope fit --out wrote; or a table, which is fitted first and needs --law.
    against
        The restriction: a_m=1,a_l=1,a_D=1/3; alpha=beta for equal parameters.
    law
        The law to fit to a table.
    data_dir
        Folder that holds the public tables, for machines without a network.
    json
        Print one line of JSON instead.
    """
    from superscope.cli.terminal import progress_bar
    from superscope.cli.written import read_law
    from superscope.errors import FormatError, NotFoundError, UsageError
    from superscope.laws import fit, load_table, nested_test
    from superscope.laws.restriction import read_restriction

    read_restriction(against)
    with progress_bar() as progress:
        if law is None:
            if options != FitOptions(resamples=options.resamples, seed=options.seed):
                raise UsageError(
                    "how to fit was settled when the law was fitted; for a table, name --law"
                )
            try:
                fitted = read_law(Path(source))
            except (FormatError, NotFoundError) as error:
                raise type(error)(f"{error}; for a table, name --law") from None
        else:
            table = load_table(
                source, data_dir, separator=options.separator, decimal=options.decimal
            )
            fitted = fit(table, law, options, progress=progress)
        found = nested_test(
            fitted, against, resamples=options.resamples, seed=options.seed, progress=progress
        )
    print(found.to_json() if json else found)
