"""Charts as SVG text: no script, no font, no file; text stays text.

Drawn narrow, since the same picture is read on a phone; a wide screen makes it larger.
Colours are those of Okabe and Ito, told apart by colour-blind people too, and no colour
says anything that a place, a shape or a word does not say as well.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Sequence
from contextlib import contextmanager
from xml.etree import ElementTree

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import blended_transform_factory

BLUE, SKY, ORANGE, RED = "#0072B2", "#56B4E9", "#E69F00", "#D55E00"
GREEN, PINK, INK, SOFT, LINE = "#009E73", "#CC79A7", "#1c2430", "#5b6675", "#d5dbe3"
# inches; text of 9 points is then as many pixels on a phone, and 16 on a wide screen
WIDTH = 4.2
SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
STYLE = {
    # text, not outlines: it can be read aloud, found and enlarged
    "svg.fonttype": "none",
    # the same marts give the same page
    "svg.hashsalt": "mql",
    # a dollar in a campaign's name is no formula
    "text.parse_math": False,
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": SOFT,
    "text.color": INK,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "axes.grid": False,
    "grid.color": LINE,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "axes.labelsize": 9,
}
PERCENT = FuncFormatter(lambda share, _: f"{100 * share:.0f}%")

ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", XLINK)


class Drawing:
    """A figure in the making; `svg` holds it once the `with` block has ended."""

    figure: Figure
    svg: str = ""

    def axes(
        self, count: int = 1, heights: Sequence[float] | None = None
    ) -> list[Axes]:
        """Panels one above the other that share what is on the horizontal axis."""
        ratios = {"height_ratios": heights} if heights else {}
        panels = self.figure.subplots(count, sharex=True, squeeze=False, **ratios)
        return list(panels[:, 0])


@contextmanager
def drawing(key: str, title: str, height: float):
    """Gives a Drawing `height` inches high.

    key: unique on the page; title: what a screen reader says of it.
    """
    made = Drawing()
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        # the reader's fonts draw the text, ours only measure it
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        made.figure = Figure(figsize=(WIDTH, height), layout="constrained")
        yield made
        target = io.StringIO()
        made.figure.savefig(target, format="svg", transparent=True)
    made.svg = inline(target.getvalue(), key, title)


def inline(text: str, key: str, title: str) -> str:
    """An SVG file as an element of a page: as wide as its place, with ids of its own."""
    root = ElementTree.fromstring(text)
    for name in ("width", "height"):
        root.attrib.pop(name, None)
    for unwanted in ("metadata", "defs"):
        for element in root.findall(f"{{{SVG}}}{unwanted}"):
            # of the top level's definitions only the style sheet, which is the page's
            if unwanted == "metadata" or element.find(f"{{{SVG}}}style") is not None:
                root.remove(element)
    root.attrib |= {"role": "img", "aria-labelledby": f"{key}-title"}
    for element in root.iter():
        for name, value in list(element.attrib.items()):
            if name == "id":
                element.set(name, f"{key}-{value}")
            else:
                value = (
                    re.sub(r"^#(?=\w)", f"#{key}-", value) if "href" in name else value
                )
                element.set(name, re.sub(r"url\(#", f"url(#{key}-", value))
    label = ElementTree.Element(f"{{{SVG}}}title", {"id": f"{key}-title"})
    label.text = title
    root.insert(0, label)
    return ElementTree.tostring(root, encoding="unicode")


def percents(panel: Axes, axis: str = "y", top: float | None = None) -> None:
    """Makes an axis one of shares, from 0."""
    if top is None:
        reached = panel.dataLim.y1 if axis == "y" else panel.dataLim.x1
        top = 1.08 * reached if reached > 0 else 1
    side = panel.yaxis if axis == "y" else panel.xaxis
    side.set_major_formatter(PERCENT)
    side.set_major_locator(MaxNLocator(4))
    (panel.set_ylim if axis == "y" else panel.set_xlim)(0, top)
    panel.grid(True, axis=axis)
    panel.set_axisbelow(True)


def month_ticks(panel: Axes, names: Sequence[str], at_most: int = 6) -> None:
    """Names some of the places 0, 1, 2 … on the horizontal axis, the last among them."""
    step = -(-len(names) // at_most)
    places = list(range(len(names) - 1, -1, -step))[::-1]
    panel.set_xticks(places, [names[place] for place in places])


def intervals(
    panel: Axes,
    places: Sequence[float],
    rates: Sequence[tuple[float, float, float]],
    colour: str,
    marker: str = "o",
    label: str | None = None,
    hollow: bool = False,
) -> None:
    """Points with their bounds, lying: (rate, low, high) at each height."""
    for place, (rate, low, high) in zip(places, rates, strict=True):
        panel.plot([low, high], [place, place], color=colour, linewidth=1.6)
        panel.plot(
            [rate],
            [place],
            marker,
            color=colour,
            markersize=6,
            markerfacecolor="white" if hollow else colour,
            label=label,
            # whole at the edge, too
            clip_on=False,
        )
        label = None


def band(
    panel: Axes,
    places: Sequence[float],
    rows: Sequence[dict],
    rate: str,
    hollow: Sequence[bool] | None = None,
) -> None:
    """A rate of a mart's rows from place to place, with its bounds as a band."""
    panel.fill_between(
        places,
        [row[f"{rate}_low"] for row in rows],
        [row[f"{rate}_high"] for row in rows],
        color=SKY,
        alpha=0.35,
        linewidth=0,
    )
    panel.plot(places, [row[rate] for row in rows], color=BLUE, linewidth=1.4)
    for place, row, is_hollow in zip(
        places, rows, hollow or [False] * len(rows), strict=True
    ):
        face = "white" if is_hollow else BLUE
        panel.plot(
            place, row[rate], "o", color=BLUE, markerfacecolor=face, markersize=4
        )


def limit_line(panel: Axes, at: float, text: str, lying: bool = True) -> None:
    """A dashed line with its name."""
    line = panel.axhline if lying else panel.axvline
    line(at, color=RED, linestyle="--", linewidth=1.2, label=text)


def rows_of_names(panel: Axes, names: Sequence[str]) -> None:
    """Names down the left side, the first on top."""
    shown = [name if len(name) <= 36 else f"{name[:35]}…" for name in names]
    panel.set_yticks(range(len(names)), shown)
    panel.set_ylim(len(names) - 0.4, -0.6)
    panel.tick_params(axis="y", length=0, labelcolor=INK)
    panel.spines["left"].set_visible(False)


def headed(panel: Axes, title: str, columns: int = 3) -> None:
    """The title, and under it the key, where there is one, from the left edge on.

    columns: how many entries of the key stand side by side.
    """
    handles, labels = panel.get_legend_handles_labels()
    lines = -(-len(labels) // columns)
    panel.set_title(title, pad=6 + 14 * lines)
    if not labels:
        return
    key = panel.legend(
        handles,
        labels,
        loc="lower left",
        # long names leave the panel less room than the key needs
        bbox_to_anchor=(0, 1.0),
        bbox_transform=blended_transform_factory(
            panel.figure.transFigure, panel.transAxes
        ),
        ncols=columns,
        borderaxespad=0.2,
        columnspacing=1.0,
        handlelength=1.4,
        handletextpad=0.5,
    )
    # the title keeps its place free
    key.set_in_layout(False)
