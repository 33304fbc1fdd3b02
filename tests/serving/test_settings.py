from __future__ import annotations

from pathlib import Path

import pytest

from serving.settings import Settings, settings_from


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(store=Path("a b/商店"), model="20310101T000000Z-00000001", segmenter="jieba"),
    ],
)
def test_settings_survive_the_environment(settings: Settings) -> None:
    assert settings_from(settings.as_environment()) == settings


def test_an_empty_environment_gives_the_defaults() -> None:
    assert settings_from({}) == Settings(
        store=Path("models/store"), model="champion", segmenter="rjieba"
    )


def test_the_variables_are_those_of_the_command_line() -> None:
    assert Settings().as_environment() == {
        "NEWSTAG_STORE": "models/store",
        "NEWSTAG_MODEL": "champion",
        "NEWSTAG_SEGMENTER": "rjieba",
    }


def test_an_operator_may_set_one_variable_alone() -> None:
    assert settings_from({"NEWSTAG_STORE": "elsewhere", "PATH": "x"}) == Settings(
        store=Path("elsewhere")
    )
