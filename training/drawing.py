"""Drawing: the paper, type and colours that all figures have in common."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from labels.scheme import Group

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Colours of Okabe and Ito, which the colour-blind can tell apart; never without another sign.
BLUE, VERMILION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"
GREY = "#595959"

MANY = 12  # labels, from which on each has less room

_CJK = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",  # the name that the shared file of all regions goes by
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "PingFang SC",
    "Microsoft YaHei",
    "SimHei",
)
_TITLE, _NOTE = 10.5, 7.5  # points
# Characters to the inch, at most, of these sizes.
_TITLE_PITCH, _NOTE_PITCH = 14.0, 19.0
_LONGEST = 16  # characters of a label's name


@dataclass(frozen=True, kw_only=True, slots=True)
class Caption:
    """What there is to be seen, as the title, and how it was come by, as a note below."""

    title: str
    note: str


def paper(
    width: float, height: float, caption: Caption, rows: int = 1, columns: int = 1
) -> tuple[Figure, list[Axes]]:
    """A figure of so many inches, and the note's, outside of pyplot, which would keep it for ever.

    The note has a strip of its own, so that neither axes nor legends ever lie on it.
    """
    from matplotlib.figure import Figure

    _prefer(cjk_font())
    note = _wrapped(caption.note, width * _NOTE_PITCH)
    strip = 0.12 + 0.145 * (note.count("\n") + 1)
    figure = Figure(figsize=(width, height + strip), dpi=130, layout="constrained")
    above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=[height, strip]).flat
    above.suptitle(_wrapped(caption.title, width * _TITLE_PITCH), fontsize=_TITLE)
    below.text(0.01, 0.9, note, va="top", fontsize=_NOTE, color=GREY)
    return figure, list(above.subplots(rows, columns, squeeze=False).flat)


def legend_below(axes: Axes, columns: int, handles: Sequence[Artist] | None = None) -> None:
    """A legend under all axes, where it hides nothing."""
    figure = axes.get_figure(root=False)
    if figure is not None:
        shown = axes.get_legend_handles_labels()[0] if handles is None else handles
        figure.legend(handles=shown, loc="outside lower center", ncols=columns, fontsize=8)


def _wrapped(text: str, width: float) -> str:
    """Lines of at most so many Latin characters; a Chinese one is as wide as 2.2."""
    lines: list[str] = []
    line, used = "", 0.0
    for part in re.findall(r"[\u2e80-\uffef]|[^\u2e80-\uffef\s]+|\s+", text):
        size = sum(2.2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in part)
        if used + size > width and line:
            lines, line, used = [*lines, line.rstrip()], "", 0.0
        if line or not part.isspace():
            line, used = line + part, used + size
    return "\n".join([*lines, line.rstrip()])


def names_of(group: Group) -> list[str]:
    """Chinese names where a font can show them, else the ids; as Matplotlib takes them.

    Dollars would begin a formula.
    """
    names = [label.zh for label in group.labels] if cjk_font() else list(group.ids)
    cut = (name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…" for name in names)
    return [name.replace("$", r"\$") for name in cut]


def _prefer(font: str | None) -> None:
    """Matplotlib looks a font up when it draws, so this cannot be for one figure only."""
    import matplotlib as mpl

    preferred = mpl.rcParams["font.sans-serif"]
    if font and font not in preferred:
        mpl.rcParams["font.sans-serif"] = [font, *preferred]


def cjk_font() -> str | None:
    """The name of an installed font with Chinese characters, or None."""
    from matplotlib import font_manager

    known = {font.name for font in font_manager.fontManager.ttflist}
    if not known.intersection(_CJK):  # installed after matplotlib made its list
        for path in font_manager.findSystemFonts():
            if Path(path).name.startswith(("NotoSansCJK-Regular", "NotoSansCJKsc-Regular")):
                font_manager.fontManager.addfont(path)
        known = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in _CJK if name in known), None)
