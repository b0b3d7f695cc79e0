"""Which width law forecasts the largest of the published language models best."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

import pandas as pd
from benchmarks.result import Section, markdown_table
from benchmarks.setting import Setting

from superscope.forecasts import WIDTH_VARIANTS, RollOut, roll_out
from superscope.laws import load_public

TABLE = "published-llms"
ANOMALY = "Qwen2.5-72B on wikitext"  # its loss lies below its family's floor
MEASURES = ("mean", "median")
WITHOUT = " without the anomaly"


def run(setting: Setting) -> Iterator[Section]:
    """Yield the comparison; at toy size of one family on two data sets, by the pooled laws."""
    table, variants = load_public(TABLE), WIDTH_VARIANTS
    if setting.quick:
        table = table.query("family == 'Qwen' and dataset in ['wikitext', 'c4']")
        variants = tuple(v for v in variants if v.pooled)[:2]
    found = roll_out(table, variants)
    common = _common(found)
    kept = common[common["label"] != ANOMALY]
    if len(kept) == len(common):
        raise AssertionError(f"{ANOMALY} is not among the points predicted")
    scores = _scores(common).join(_scores(kept).add_suffix(WITHOUT))
    yield Section("Roll-out", _text(found, common, scores))


def _common(found: RollOut) -> pd.DataFrame:
    """Return the predictions of points that every variant predicts, with the errors' size."""
    table = found.to_frame()
    variants = table.groupby("held_out")["variant"].transform("nunique")
    seen = table.groupby(["held_out", "group", "label"])["variant"].transform("nunique")
    return table[seen == variants].assign(size=table["error"].abs())


def _scores(common: pd.DataFrame) -> pd.DataFrame:
    return common.groupby(["held_out", "variant"], sort=False)["size"].agg([*MEASURES, "count"])


def _text(found: RollOut, common: pd.DataFrame, scores: pd.DataFrame) -> str:
    rows = []
    for row in found.summary().to_dict("records"):
        score = scores.loc[row["held_out"], row["variant"]]
        rows.append(
            (
                str(row["held_out"]), row["variant"], str(row["predictions"]),
                f"{row['mean_absolute_error']:.4f}", f"{row['mean_error']:+.4f}",
                f"{row['covered']:.0%} of {row['intervals']}", f"{row['median_interval']:.2f}",
                f"{score['count']:.0f}",
                *(f"{score[f'{m}{of}']:.4f}" for of in ("", WITHOUT)
                  for m in MEASURES),
            )
        )  # fmt: skip
    header = ("held out", "variant", "points", "mean abs. error", "mean error", "covered",
              "interval", "common", "mean", "median", "mean without",
              "median without")  # fmt: skip
    models = found.to_frame().groupby("held_out")["group"].nunique()
    return f"""\
`roll_out("{TABLE}", WIDTH_VARIANTS)`: each family's largest widths on each data set ({models.max()}
groups) are predicted from its smaller ones; errors in nats per token, predicted minus measured. A
pooled fit has one law with a floor for each group, the others one law a group; `pooled exponent`
takes the exponent from a pooled fit to the same models. The last five columns are of the points
that every variant predicts: how many, and the absolute errors' mean and median; the last two
columns leave out {ANOMALY}, whose loss lies below its floor. It is never fitted.

{markdown_table(header, rows)}
{_conclusion(common, scores)}

Not possible:

{_impossible(found)}"""


def _conclusion(common: pd.DataFrame, scores: pd.DataFrame) -> str:
    """Return which variant is best: by how many rankings, and by how much."""
    best = Counter(
        own[f"{measure}{of}"].idxmin()[1]
        for _, own in scores.groupby(level="held_out", sort=False)
        for of in ("", WITHOUT)
        for measure in MEASURES
    )
    said = ", ".join(f"“{name}” in {n}" for name, n in best.most_common())
    lines = [
        f"Of {best.total()} rankings on common points (mean or median absolute error, 1 or 2 "
        f"widths held out, with and without {ANOMALY}) the best is: {said}."
    ]
    for held_out, own in common.groupby("held_out", sort=False):
        lines.append(_ranking(str(held_out), own, scores.loc[held_out]))
    if len(best) > 1:
        lines.append("No variant is best throughout.")
    return "\n\n".join(lines)


def _ranking(held_out: str, common: pd.DataFrame, scores: pd.DataFrame) -> str:
    ranked = scores["mean"].sort_values()
    first, second, last = ranked.index[0], ranked.index[1], ranked.index[-1]
    sizes = common.pivot(index=["group", "label"], columns="variant", values="size")
    closer = int((sizes[first] < sizes[second]).sum())
    families = common["group"].str.partition("/")[0].nunique()
    without = scores[f"mean{WITHOUT}"].sort_values()
    return (
        f"Widths held out: {held_out}. “{first}” has the least mean absolute error on the "
        f"{len(sizes)} points of {families} families that all predict, {ranked.iloc[0]:.4f}; next "
        f"is “{second}” with {ranked.iloc[1]:.4f}, closer on {len(sizes) - closer} of them; most "
        f"has “{last}”, {ranked.iloc[-1]:.4f}. Without {ANOMALY}: “{without.index[0]}” "
        f"{without.iloc[0]:.4f}, next “{without.index[1]}” {without.iloc[1]:.4f}."
    )


def _impossible(found: RollOut) -> str:
    """Return what could not be fitted, a line for each family, number held out and reason."""
    variants: dict[tuple[str, str, str], dict[str, int]] = defaultdict(Counter)
    for variant, what, reason in found.impossible:
        family, _, rest = what.partition("/")
        held_out = rest.partition(" without ")[2]
        variants[family, held_out, reason.partition(":")[0]][variant] += 1
    lines = []
    for (family, held_out, reason), counts in variants.items():
        groups = max(counts.values())
        lines.append(
            f"- {family} on {groups} data sets without {held_out}: {reason} ({', '.join(counts)})"
        )
    return "\n".join(lines or ["- nothing"]) + "\n"
