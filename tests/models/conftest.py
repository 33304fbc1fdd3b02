"""A tiny model made by hand, and the ways to lay it on disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from labels.scheme import Group, Label, Scheme
from models.calibration import Sigmoid, Temperature
from models.decision import Rule
from models.features import Block
from models.files import sha256
from models.golden import write_golden
from models.manifest import FORMAT, Manifest
from models.model import Model
from models.predictor import Predictor
from models.scorer import Weights, fuse
from models.store import Store
from models.version import calibration_as_json, write_model

DICTIONARY = "# 词表\n人工智能\n大模型\n生物医药\n\n政策通知\n"

# Weights for news, event, policy_notice, ai and biomedicine.
WORDS = {
    "人工智能": (0, 0, 0, 3, -1),
    "大模型": (0, 0, 0, 2, -1),
    "生物医药": (0, 0, 0, -1, 3),
    "新药": (0, 0, 0, -1, 2),
    "论坛": (-1, 3, -1, 0, 0),
    "举办": (0, 1, -1, 0, 0),
    "通知": (-1, -1, 3, 0, 0),
    "记者": (2, 0, -1, 0, 0),
}
PAIRS = {"论坛": (0, 1, 0, 0, 0), "通知": (0, 0, 1, 0, 0)}


@pytest.fixture(scope="session")
def scheme() -> Scheme:
    """Two groups: three types, of which one holds, and two domains."""
    return Scheme(
        groups=(
            Group(
                id="type",
                kind="exclusive",
                zh="类型",
                en="type",
                labels=(
                    Label(id="news", zh="新闻", en="news"),
                    Label(id="event", zh="活动", en="event", definition='A "public" occasion.'),
                    Label(id="policy_notice", zh="政策通知", en="policy notice"),
                ),
            ),
            Group(
                id="domains",
                kind="multi",
                zh="领域",
                en="domains",
                labels=(
                    Label(id="ai", zh="人工智能", en="artificial intelligence"),
                    Label(id="biomedicine", zh="生物医药", en="biomedicine"),
                ),
            ),
        )
    )


@pytest.fixture(scope="session")
def model(scheme: Scheme) -> Model:
    """Words of title and content, and pairs of characters of the title; every idf is 1."""
    return Model(
        scheme=scheme,
        dictionary=DICTIONARY,
        scorer=fuse(
            [
                _weights(Block(field="whole"), WORDS),
                _weights(Block(field="title", unit="character", low=2, high=2), PAIRS),
            ],
            np.array([0.0, 0.0, 0.0, -1.0, -1.0]),
        ),
        calibrations={
            "type": Temperature(temperature=0.5, exclusive=True, trained=(True, True, True)),
            "domains": Sigmoid(
                slopes=(2.0, 2.0), offsets=(0.0, 0.0), exclusive=False, trained=(True, True)
            ),
        },
        rules={
            "type": Rule(
                thresholds=(0.0, 0.0, 0.0),
                sure=(0.6, 0.6, 0.6),
                margin=0.0,
                trained=(True, True, True),
            ),
            "domains": Rule(
                thresholds=(0.5, 0.5), sure=(0.65, 0.65), margin=0.15, trained=(True, True)
            ),
        },
    )


def _weights(block: Block, rows: Mapping[str, tuple[int, ...]]) -> Weights:
    return Weights(
        block=block,
        terms=list(rows),
        idf=np.ones(len(rows)),
        weights=np.array(list(rows.values()), float),
    )


@pytest.fixture(scope="session")
def predictor(model: Model) -> Predictor:
    """The tiny model, ready to answer."""
    return Predictor(model, "20260101T000000Z-00000001")


@pytest.fixture(scope="session")
def write_files() -> Callable[[Path, Model, str], None]:
    """Write every file of a version but its sums."""

    def write(folder: Path, model: Model, version: str) -> None:
        write_model(folder, model)
        (folder / "report.json").write_text('{"articles": 0}\n', "utf-8")
        Manifest(
            format=FORMAT,
            version=version,
            created="2026-01-01T00:00:00+00:00",
            commit="",
            scheme_digest=model.scheme.digest(),
            dictionary_digest=sha256(folder / "dictionary.txt"),
            corpus_digest="0" * 64,
            segmenter="rjieba",
            recipe={"exclusive": {"c": 1.0}},
            blocks=[asdict(block) for block in model.scorer.blocks],
            intercepts=model.scorer.intercepts.tolist(),
            calibrations={g: calibration_as_json(c) for g, c in model.calibrations.items()},
            rules={group: asdict(rule) for group, rule in model.rules.items()},
            counts={"articles": 5, "given": 3},
            metrics={"type_f1_macro": 0.5, "evaluated_articles": 3},
            libraries={"numpy": np.__version__},
        ).write(folder)
        write_golden(folder, Predictor(model, version))

    return write


@pytest.fixture(scope="session")
def save(
    model: Model, write_files: Callable[[Path, Model, str], None]
) -> Callable[[Store, str], Path]:
    """Save the tiny model into a store under a version id."""

    def save_version(store: Store, version: str) -> Path:
        return store.save(version, lambda folder: write_files(folder, model, version))

    return save_version


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a power cut would tell the difference."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store of one's own, not on disk yet."""
    return Store(tmp_path / "store")


@pytest.fixture
def version(store: Store, save: Callable[[Store, str], Path]) -> Path:
    """The directory of a whole version."""
    return save(store, "20260101T000000Z-00000001")
