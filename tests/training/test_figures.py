from __future__ import annotations

import io

import pytest

from labels.scheme import Scheme
from training import figures
from training.report import GroupReport
from training.train import Trained


@pytest.fixture
def report(trained: Trained) -> GroupReport:
    return trained.report.groups[0]


def test_figures_draw_without_a_missing_glyph(scheme: Scheme, report: GroupReport) -> None:
    """Matplotlib warns of glyphs that it has no font for, and warnings are errors here."""
    for draw in (figures.confusion_figure, figures.labels_figure):
        file = io.BytesIO()
        draw(scheme.groups[0], report).savefig(file, format="png")
        assert file.getvalue().startswith(b"\x89PNG")


def test_labels_are_chinese_where_a_font_has_them(
    scheme: Scheme, report: GroupReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "cjk_font", lambda: "Noto Sans CJK JP")
    axes = figures.confusion_figure(scheme.groups[0], report).axes[0]
    names = [tick.get_text() for tick in axes.get_xticklabels()]
    assert names == ["政策通知", "新闻", "活动", "科研突破"]


def test_labels_are_ids_where_no_font_has_chinese(
    scheme: Scheme, report: GroupReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "cjk_font", lambda: None)
    axes = figures.labels_figure(scheme.groups[0], report).axes[0]
    names = [tick.get_text() for tick in axes.get_yticklabels()]
    assert names[0] == "policy_notice (30)"
