"""A version's page is drawn once, whoever gives up, and says what holds of this version."""

from __future__ import annotations

import asyncio
import gc
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event
from time import sleep
from typing import Any

import pytest
from starlette.testclient import TestClient

from serving.app import create_app
from serving.live import Loaded
from serving.portrait import Portrait, portrait
from serving.settings import Settings

OTHER = "20310101T000000Z-0123abcd"
POST = {"title": "数字人走进元宇宙", "content": "今天，头显与虚拟现实展会开幕。"}
PIECES = "pieces of words"


def test_who_asks_again_waits_for_what_has_begun(
    trained: Path, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(Settings(store=trained, deadline=0.02), loaded)
    begun, go_on = [], Event()

    async def tasks() -> int:
        return len(asyncio.all_tasks())

    def slow(one: Loaded) -> Portrait:
        begun.append(one)
        go_on.wait(10)
        return portrait(one)

    monkeypatch.setattr("serving.explaining.portrait", slow)
    with TestClient(app) as client:
        assert client.portal
        try:
            found = []
            for code in ("en", "zh", "en", "zh", "en"):
                status = client.get(f"/model?lang={code}").status_code
                found.append((status, len(begun), client.portal.call(tasks)))
            both = found[1][2]  # one for each language
            assert found[1:] == [(503, 1, both)] * 4
        finally:
            go_on.set()
        again = (client.get("/model?lang=zh").status_code for _ in range(500))
        assert next(status for status in again if status != 503) == 200
    assert len(begun) == 1


def test_a_drawing_that_failed_is_tried_again(
    client: TestClient, logged: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Loaded) -> Portrait:
        raise OSError("no")

    with monkeypatch.context() as patched:
        patched.setattr("serving.explaining.portrait", broken)
        assert client.get("/model").status_code == 500
    assert client.get("/model").status_code == 200
    failed = [line["event"] for line in logged if line["level"] == "error"]
    assert failed == ["internal error"]


def test_a_drawing_that_fails_when_all_have_given_up_is_logged_and_tried_again(
    trained: Path, loaded: Loaded, logged: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = Event()

    def broken(_: Loaded) -> Portrait:
        go_on.wait(10)
        raise OSError("松雾区绝密标记")

    with TestClient(create_app(Settings(store=trained, deadline=0.02), loaded)) as client:
        with monkeypatch.context() as patched:
            patched.setattr("serving.explaining.portrait", broken)
            assert client.get("/model").status_code == 503
            go_on.set()
            for _ in range(500):
                if [line for line in logged if line["level"] == "error"]:
                    break
                sleep(0.01)
        again = (client.get("/model").status_code for _ in range(500))
        assert next(status for status in again if status != 503) == 200
    gc.collect()
    failed = [line for line in logged if line["level"] == "error"]
    assert [line["event"] for line in failed] == ["drawing the model page failed"]
    assert "绝密" not in str(failed)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("champion", f"The store calls {OTHER} live, which this service has not taken over"),
        ("latest", "with the latest version of its store, whatever that store calls live."),
        (None, "with this version, whatever its store calls live."),
    ],
)
def test_a_service_of_another_version_than_the_champion_says_why(
    model: str | None, said: str, version: Path, copied: Callable[[Path, str], Path], loaded: Loaded
) -> None:
    (copied(version, OTHER) / "weights.npy").unlink()  # it is not taken over
    settings = Settings(store=version.parent, model=model or str(version))
    with TestClient(create_app(settings, loaded)) as client:
        assert said not in client.get("/model").text
        (version.parent / "champion").write_text(f"{OTHER}\n", "utf-8")
        assert said in client.get("/model").text


@pytest.mark.parametrize(
    ("kinds", "how", "in_result"),
    [
        ({"exclusive"}, "and for the type pieces of words too.", {"type"}),
        (
            {"exclusive", "multi"},
            "and for the type and domains pieces of words too.",
            {"type", "domains"},
        ),
        (set(), "Words are weighed.", set()),
    ],
)
def test_pieces_of_words_are_told_of_where_they_count(
    kinds: set[str], how: str, in_result: set[str], trained: Path, loaded: Loaded
) -> None:
    words, pieces = {"unit": "word"}, {"unit": "character"}
    recipe = {
        kind: {"blocks": [words, pieces] if kind in kinds else [words]}
        for kind in ("exclusive", "multi")
    }
    other = replace(loaded, manifest=replace(loaded.manifest, recipe=recipe))
    with TestClient(create_app(Settings(store=trained), other)) as client:
        page = client.get("/model?lang=en").text
        assert how in page
        assert page.count(PIECES) == (2 if kinds else 0)
        for show in ("type.news", "domains.ai"):
            result = client.post("/?lang=en", data={"title": "数字人", "show": show}).text
            assert ("can be a piece of a word" in result) == (show.partition(".")[0] in in_result)
            assert "The strongest, at most 40, are marked below" in result


def test_near_duplicates_are_told_beside_every_count_and_cells_are_whole(
    trained: Path, loaded: Loaded
) -> None:
    kinds = loaded.measured["type"]
    labels = {
        name: replace(one, articles=54, distinct=5.99999999) for name, one in kinds.labels.items()
    }
    table = [[5.99999999, 0.0, 0.0, 0.0], *([[0.0, 3.0, 2.99999999, 0.0]] * 3)]
    kinds = replace(kinds, articles=216, labels=labels, confusion=table)
    other = replace(loaded, measured={**loaded.measured, "type": kinds})
    with TestClient(create_app(Settings(store=trained), other)) as client:
        page = client.get("/model?lang=en").text
        assert "on 216 posts of yours (24 distinct), by" in client.post("/", data=POST).text
    assert "<dd>216 (24 distinct)</dd>" in page
    assert page.count('<td class="number">54 (6 distinct)</td>') == 4
    assert "near-duplicates of others: those count once." in page
    assert "what it was called. Near-duplicates count once." in page
    confusion = page[page.index('<table class="confusion">') :]
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", confusion[: confusion.index("</table>")])
    assert cells == ["6", "0", "0", "0", *(["0", "3", "3", "0"] * 3)]
