"""Every state of a version and of its store is told, on both pages and in both languages.

Versions of other schemes are made of columns of the trained one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from html import unescape
from pathlib import Path
from typing import Any, Literal

import pytest
from starlette.testclient import TestClient

from labels.scheme import Group, Label, Scheme
from models.decision import Rule
from models.predictor import Predictor
from serving.app import create_app
from serving.language import choose
from serving.live import Loaded
from serving.settings import Settings

POST = {"title": "数字人走进元宇宙", "content": "今天，头显与虚拟现实展会开幕，数字人向观众介绍。"}
COMMIT = "0123456789abcdef0123456789abcdef01234567"
UNLEARNT = "metaverse-never"

Said = Mapping[str, Mapping[str, object]]  # keys of texts, with what fills their blanks


def group(name: str, kind: Literal["exclusive", "multi"], *ids: str) -> Group:
    """Names are the same in both languages."""
    labels = tuple(Label(id=one, zh=one, en=one) for one in ids)
    return Group(id=name, kind=kind, zh=name, en=name, labels=labels)


KINDS = group("type", "exclusive", "policy_notice", "news", "event", "research_breakthrough")
AREAS = group("domains", "multi", "ai", "biomedicine", UNLEARNT)
MANY = group("domains", "multi", *(f"metaverse-{at}" for at in range(16)))


@dataclass(frozen=True, kw_only=True)
class State:
    """A version, what its store's ledger says, and what the two pages then say and do not say."""

    groups: tuple[Group, ...] = (KINDS, AREAS)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    measured: bool = True
    ledger: Callable[[str], str] = str
    show: str = ""
    result: Said
    model: Said
    never: tuple[str, ...] = ()


def repeated(text: str) -> str:
    """A ledger of 25 changes, each of which says the same."""
    return f"{text.strip()}\n" * 25


STATES = {
    "starter": State(
        manifest={"counts": {"articles": 24, "starter": 24}},
        result={"more_figures": {}},
        model={"measured_starter": {}, "weak_starter": {}},
        never=("measured_given",),
    ),
    "no-report": State(
        measured=False,
        result={"figures_none": {"group": "type"}},
        model={"measured_nothing": {}},
        never=("measured_intervals", "micro_exclusive"),
    ),
    "exclusive": State(
        groups=(KINDS,),
        result={"legend_bar_exclusive": {}},
        model={"micro_exclusive": {}, "confusion": {"group": "type"}},
        never=("legend_bar_multi", "micro_multi", "column_threshold"),
    ),
    "multi": State(
        groups=(AREAS,),
        result={"legend_bar_multi": {}},
        model={"micro_multi": {}, "column_threshold": {}},
        never=("legend_bar_exclusive", "micro_exclusive", "confusion_note"),
    ),
    "both": State(
        result={"legend_bar": {"exclusive": "type"}},
        model={"model_code": {}},
        never=("legend_bar_multi", "history_more", "measured_distinct"),
    ),
    "explained": State(
        show="domains.ai",
        result={"text_note": {"label": "ai"}, "points_note": {}},
        model={"weak_untrained": {"label": UNLEARNT}},
    ),
    "never-learnt": State(
        show=f"domains.{UNLEARNT}",
        result={"because_never_learnt": {"label": UNLEARNT}, "text_heading": {}},
        model={"never_learnt": {}},
        never=("text_note", "points_note"),
    ),
    "many-labels": State(
        groups=(KINDS, MANY),
        result={"more_labels": {"count": 4}},
        model={"column_threshold": {}},
        never=("never_learnt",),
    ),
    "no-history": State(
        ledger=lambda _: "",
        result={"more_figures": {}},
        model={"history_none": {}},
        never=("history_broken", "column_change"),
    ),
    "broken-history": State(
        ledger=lambda text: f"{{\n{text}",
        result={"more_figures": {}},
        model={"history_broken": {}},
        never=("history_none", "column_change"),
    ),
    "long-history": State(
        ledger=repeated,
        result={"more_figures": {}},
        model={"history_more": {"count": 20, "all": 25}, "column_change": {}},
    ),
}


def made(loaded: Loaded, state: State) -> Loaded:
    """The version as the state has it: the first word of an id says which label it was."""
    model = loaded.predictor.model
    places = {label: at for at, (_, label) in enumerate(model.scheme.outputs)}
    columns = [places[one.partition("-")[0]] for mine in state.groups for one in mine.ids]
    rules, calibrations = {}, {}
    for mine in state.groups:
        learnt = tuple(one != UNLEARNT for one in mine.ids)
        held: Any = model.calibrations[mine.id]
        calibrations[mine.id] = replace(held, trained=learnt)
        rules[mine.id] = Rule(
            thresholds=(0.5,) * len(learnt), sure=(0.6,) * len(learnt), margin=0.1, trained=learnt
        )
    weights, intercepts = model.scorer.weights[:, columns], model.scorer.intercepts[columns]
    other = replace(
        model,
        scheme=Scheme(groups=state.groups),
        scorer=replace(model.scorer, weights=weights, intercepts=intercepts),
        rules=rules,
        calibrations=calibrations,
    )
    return replace(
        loaded,
        predictor=Predictor(other, loaded.predictor.version),
        manifest=replace(loaded.manifest, commit=f"{COMMIT}+", **state.manifest),
        measured=loaded.measured if state.measured else {},
    )


@pytest.mark.parametrize("name", STATES)
def test_each_state_is_told_in_both_languages(
    name: str, loaded: Loaded, trained: Path, tmp_path: Path
) -> None:
    state = STATES[name]
    ledger = (trained / "ledger.jsonl").read_text("utf-8")
    (tmp_path / "ledger.jsonl").write_text(state.ledger(ledger), "utf-8")
    (tmp_path / "champion").write_text(f"{loaded.manifest.version}\n", "utf-8")
    settings = Settings(store=tmp_path, model=str(loaded.folder))
    with TestClient(create_app(settings, made(loaded, state))) as client:
        for code in ("zh", "en"):
            language = choose(code, "")
            result = client.post(f"/?lang={code}", data={**POST, "show": state.show})
            model = client.get(f"/model?lang={code}")
            for page, said in ((result, state.result), (model, state.model)):
                assert page.status_code == 200
                shown = unescape(page.text)
                assert [k for k, v in said.items() if language.say(k, **v) not in shown] == []
                begins = {key: language.texts[key].partition("{")[0] for key in state.never}
                assert [key for key, begin in begins.items() if begin in shown] == []
            assert f"<code>{COMMIT[:12]}+</code>" in model.text
