"""One predictor, many clients: all of them give the same answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from labels.article import Article
from models.predictor import Predictor
from serving.batch import tag
from serving.job import Job
from serving.work import Work

# Beside everyday articles, what could be read differently on its way through a client.
ODD = [
    {"id": "empty", "title": "", "content": ""},
    {"id": "标识", "title": "Ｆｕｌｌ　Ｗｉｄｔｈ", "content": "第一行\r\n第二行\t😀&nbsp;&amp;"},
    {"id": 'quote",', "title": 'a,"b"', "content": "人工智能\u2028大模型\u200b算力"},
    {"id": "long", "title": "青石", "content": "脑机接口与脑电。" * 2500},
]


def test_all_clients_give_the_same_answers(
    client: TestClient,
    predictor: Predictor,
    work: Work,
    rows: list[dict[str, Any]],
    tmp_path: Path,
) -> None:
    given = [*rows, *ODD]
    expected = [one.as_json() for one in predictor.predict(Article(**row) for row in given)]
    assert len(expected) == 28

    assert client.post("/v1/predict", json=given).json() == expected
    assert [client.post("/v1/predict", json=row).json() for row in given] == expected

    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in given), "utf-8")
    for jobs in (1, 2):
        job = Job(inputs=[str(source)], work=work, output=str(output), jobs=jobs, overwrite=True)
        tag(job, raise_it, lambda _done, _share: None)
        lines = output.read_bytes().decode().split("\n")[:-1]
        assert [json.loads(line) for line in lines] == expected


def raise_it(error: Exception) -> None:
    raise error
