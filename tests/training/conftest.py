"""A small invented corpus, trained once for all tests of training."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from labels.article import Article
from labels.corpus import Corpus, Sample
from labels.scheme import Scheme, read_scheme, shipped_scheme
from models.manifest import read_manifest
from models.segmentation import open_segmenter
from models.store import Store
from models.text import read_text
from training.asking import import_mlflow
from training.counts import count
from training.packing import log_version
from training.problem import Problem, pose
from training.recipe import Recipe
from training.saving import save
from training.train import Trained, train

# Words that tell the labels apart, and words that tell nothing.
TYPES = {
    "policy_notice": "通知 申报 公示 附件 截止 资金 项目 材料",
    "news": "记者 调研 走访 座谈 观察 讲述 变化 企业",
    "event": "论坛 嘉宾 现场 报名 开幕 沙龙 展区 观众",
    "research_breakthrough": "论文 团队 首次 发现 实验 期刊 性能 机制",
}
DOMAINS = {
    "ai": "人工智能 大模型 算力",
    "brain_computer_interface": "脑机接口 电极 脑电",
    "biomedicine": "创新药 临床 患者",
    "metaverse": "元宇宙 数字人 头显",
}
FILLER = [
    "今天",
    "城市",
    "大家",
    "发展",
    "工作",
    "未来",
    "一批",
    "重点",
    "方向",
    "建设",
    "合作",
    "服务",
]


def invented_samples(copies: int = 6) -> Iterator[Sample]:
    """``copies`` articles for every type with every domain and with none."""
    number = 0
    for kind, words in TYPES.items():
        for domain in [None, *DOMAINS]:
            for copy in range(copies):
                number += 1
                own = words.split() + (DOMAINS[domain].split() if domain else [])
                chosen = own[copy % 2 :] + FILLER[copy : copy + 5] + [f"第{number}号"]
                yield Sample(
                    article=Article(
                        id=f"a{number}",
                        title="".join(chosen[:3]),
                        content=f"{'，'.join(chosen[::-1])}。编号{number * 7919}的记录。",
                    ),
                    labels={
                        "type": frozenset([kind]),
                        "domains": frozenset([domain] if domain else []),
                    },
                    source="given",
                    labelled_by="article row",
                )


@pytest.fixture(scope="session")
def scheme() -> Scheme:
    return shipped_scheme()


@pytest.fixture(scope="session")
def corpus(scheme: Scheme) -> Corpus:
    return Corpus(scheme=scheme, samples=tuple(invented_samples()))


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    return replace(Recipe(), folds=3, partitions=2)


@pytest.fixture(scope="session")
def trained(corpus: Corpus, recipe: Recipe) -> Trained:
    return train(corpus, recipe, "rjieba", 1, lambda _done, _of: None)


@pytest.fixture(scope="session")
def corpus_problem(corpus: Corpus, recipe: Recipe) -> Problem:
    engine = open_segmenter("rjieba", ())
    texts = [read_text(sample.article, engine) for sample in corpus.samples]
    return pose(corpus, count(texts, recipe.blocks), recipe)


@pytest.fixture(scope="session")
def stored(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a version; not to be changed."""
    store = Store(tmp_path_factory.mktemp("stored"))
    return save(store, trained, datetime(2026, 1, 2, tzinfo=UTC))


@pytest.fixture(scope="session")
def pack() -> Callable[[Path, Path], Path]:
    """Save a version into a folder with the files that MLflow would log, without a database."""

    def packed(version: Path, folder: Path) -> Path:
        mlflow = import_mlflow()
        pyfunc = SimpleNamespace(
            log_model=lambda name, **given: mlflow.pyfunc.save_model(str(folder / name), **given)
        )
        turned = SimpleNamespace(__version__=mlflow.__version__, pyfunc=pyfunc)
        scheme, manifest = read_scheme(version / "scheme.toml"), read_manifest(version)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # MLflow's own are its own business
            log_version(turned, version, scheme, manifest)
        return folder / "model"

    return packed


@pytest.fixture(scope="session")
def packed(
    stored: Path, pack: Callable[[Path, Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The same version as a logged model; not to be changed."""
    return pack(stored, tmp_path_factory.mktemp("packed"))
