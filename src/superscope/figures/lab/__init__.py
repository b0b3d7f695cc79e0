"""Pictures of what lab runs say: what variants are worth, slopes, correlations, narrow heads."""

from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.lab._gains import gains_drawing
from superscope.figures.lab._heads import heads_drawing
from superscope.figures.lab._overlap_loss import overlap_loss_drawing
from superscope.figures.lab._slopes import slopes_drawing
from superscope.figures.lab._worth import worth_drawing
from superscope.figures.registry import PictureFunction, picture, pictures
from superscope.lab import HeadOrBody, LabCorrelations, LabGains, LabReport, LabSlopes

__all__ = ["gains", "heads", "overlap_loss", "report_drawings", "slopes", "worth"]

worth = picture("worth", worth_drawing)
gains = picture("gains", gains_drawing)
slopes = picture("slopes", slopes_drawing)
overlap_loss = picture("overlap_loss", overlap_loss_drawing)
heads = picture("heads", heads_drawing)


@pictures.register
def _(_: LabGains) -> dict[str, PictureFunction]:
    return {"worth": worth, "gains": gains}


@pictures.register
def _(_: LabSlopes) -> dict[str, PictureFunction]:
    return {"slopes": slopes}


@pictures.register
def _(_: LabCorrelations) -> dict[str, PictureFunction]:
    return {"overlap_loss": overlap_loss}


@pictures.register
def _(_: HeadOrBody) -> dict[str, PictureFunction]:
    return {"heads": heads}


@pictures.register
def _(_: LabReport) -> dict[str, PictureFunction]:
    return {
        "worth": picture("worth", lambda report: worth_drawing(report.gains)),
        "gains": picture("gains", lambda report: gains_drawing(report.gains)),
        "overlap_loss": picture(
            "overlap_loss", lambda report: overlap_loss_drawing(report.correlations)
        ),
        "slopes": picture("slopes", lambda report: slopes_drawing(report.slopes)),
    }


def report_drawings(report: LabReport) -> tuple[Drawing | Missing, ...]:
    """Return the drawings of all that a table of lab runs says."""
    return (
        worth_drawing(report.gains),
        gains_drawing(report.gains),
        overlap_loss_drawing(report.correlations),
        slopes_drawing(report.slopes),
        *(heads_drawing(one, k) for k, one in enumerate(report.heads)),
    )
