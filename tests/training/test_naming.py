"""Names of metrics: ordinary ones as people expect them, and never one for two figures."""

from __future__ import annotations

from training.naming import Metric, by_name, short


def of_label(stem: str, label: str, value: float = 0.0) -> Metric:
    return Metric(stem=stem, label=label, value=value)


def of_all(stem: str, value: float = 0.0) -> Metric:
    return Metric(stem=stem, value=value)


def test_an_ordinary_label_stands_behind_an_underscore() -> None:
    found = by_name([of_all("type_f1_macro", 0.8), of_label("type_f1", "news", 0.7)])
    assert {name: one.value for name, one in found.items()} == {
        "type_f1_macro": 0.8,
        "type_f1_news": 0.7,
    }


def test_a_label_that_is_called_like_a_figure_of_its_group_stands_behind_a_colon() -> None:
    figures = [of_all("type_f1_macro"), of_all("type_f1_macro_low"), of_all("type_f1_micro")]
    labels = [of_label("type_f1", one) for one in ("macro", "micro", "macro_low", "macros")]
    assert list(by_name([*labels, *figures])) == [
        "type_f1:macro",
        "type_f1:micro",
        "type_f1:macro_low",
        "type_f1_macros",
        "type_f1_macro",
        "type_f1_macro_low",
        "type_f1_micro",
    ]


def test_labels_of_two_groups_that_would_be_called_the_same_are_not() -> None:
    both = [of_label("a_f1", "b_f1_c"), of_label("a_f1_b_f1", "c")]
    assert list(by_name(both)) == ["a_f1:b_f1_c", "a_f1_b_f1:c"]


def test_a_long_name_is_shortened_and_stays_unlike_others() -> None:
    stem = "type_f1"
    long = [of_label(stem, "x" * 300 + end) for end in ("a", "b")]
    found = list(by_name(long))
    assert [len(name) for name in found] == [250, 250]
    assert len(set(found)) == 2
    assert all(name.startswith("type_f1_xxx") for name in found)
    assert short("x" * 250) == "x" * 250
    assert len(short("x" * 251)) == 250
