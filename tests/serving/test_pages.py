"""The pages for people: what they answer, in which language, and what they never do."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from labels.article import Article
from models.predictor import Predictor
from serving.app import create_app
from serving.edge import Edge
from serving.examples import examples
from serving.keys import KeyFile
from serving.live import Loaded, load
from serving.rendering import ASSETS, PAGES
from serving.settings import Settings

POST = {
    "title": "数字人走进元宇宙",
    "content": "今天，头显与虚拟现实展会开幕，数字人向观众介绍元宇宙。",
}
OTHER = "20310101T000000Z-0123abcd"
HOSTILE = (
    "</textarea><script>window.hit=1</script><img src=x onerror=alert(1)>"
    "\u202e乱序\u2067右\u200f左\u0000 \" ' & &amp; {{ 7*7 }} {% raw %}"
)
POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


class Read(HTMLParser):
    """What a page has: its texts by the id or class that they stand under, and its elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def text_of(page: str, begin: str, end: str) -> str:
    """The text between two pieces of a page, without its elements."""
    inner = page[page.index(begin) + len(begin) :]
    return unescape(re.sub(r"<[^>]*>", "", inner[: inner.index(end)]))


def test_the_page_asks_for_a_post_and_offers_examples(client: TestClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-language"] == "en"
    assert 'id="result"' not in page.text
    links = [one["href"] for one in Read(page.text).named("a")]
    assert [link for link in links if link and "example" in link] == [
        f"/?example={name}#result" for name in examples()
    ]


def test_a_pasted_post_is_called_what_programs_are_told(
    client: TestClient, predictor: Predictor
) -> None:
    page = client.post("/", data=POST).text
    [found] = predictor.predict([Article(id="", title=POST["title"], content=POST["content"])])
    (best,) = found.given["type"]
    verdict = text_of(page, '<dl class="verdict">', "</dl>").split("\n")
    said = [line.strip() for line in verdict if line.strip()]
    names = {label.id: label.en for group in found.scheme.groups for label in group.labels}
    domains = [names[label] for label in found.given["domains"]] or ["none"]
    assert said == ["type", names[best], "domains", *domains]
    assert found.model in page
    review = "A person should look" if found.review else "No review needed"
    assert review in page


def test_an_example_is_tagged_as_soon_as_it_is_picked(client: TestClient) -> None:
    page = client.get("/?example=s1-025&lang=zh").text
    article = examples()["s1-025"]
    body = text_of(page, '<div class="body" dir="auto">', "</div>")
    assert body == article.content
    assert article.title in text_of(page, '<p class="headline" dir="auto">', "</p>")
    questions = re.findall(r'aria-pressed="\w+">([^<]+)</button>', page)
    assert len(questions) == 8
    assert all(re.fullmatch(r"为什么(不是|是).+？", one) for one in questions)


def test_examples_are_offered_for_the_labels_that_they_were_written_for(
    loaded: Loaded, trained: Path
) -> None:
    other = replace(loaded, manifest=replace(loaded.manifest, scheme_digest="0" * 64))
    with TestClient(create_app(Settings(store=trained), other)) as client:
        assert "example=" not in client.get("/").text


def test_an_example_that_there_is_not_is_told_as_a_page(client: TestClient) -> None:
    page = client.get("/?example=s99-1&lang=en")
    assert page.status_code == 404
    assert "There is no such page or example." in page.text
    assert "What helps: Go back to the page." in page.text


def test_a_label_can_be_asked_for(client: TestClient) -> None:
    page = client.post("/", data={**POST, "show": "domains.biomedicine"}).text
    assert "Why not biomedicine?" in text_of(page, '<section class="because"', "<p>")
    pressed = [
        one["value"] for one in Read(page).named("button") if one.get("aria-pressed") == "true"
    ]
    assert pressed == ["domains.biomedicine"]


def test_nothing_pasted_is_nothing_tagged(
    client: TestClient, counted: Callable[..., float]
) -> None:
    page = client.post("/", data={"title": " ", "content": "\r\n"})
    assert page.status_code == 200
    assert "There is nothing to tag yet" in page.text
    assert counted(client.get("/metrics").content, "newstag_articles_total") == 0


def test_what_people_try_is_no_traffic_but_stands_in_the_log(
    client: TestClient, counted: Callable[..., float], capsys: pytest.CaptureFixture[str]
) -> None:
    client.post("/", data=POST)
    client.get("/?example=s12-011")
    metrics = client.get("/metrics").content
    assert counted(metrics, "newstag_articles_total") == 0
    pasted, picked = map(json.loads, capsys.readouterr().err.splitlines()[:2])
    assert (pasted["route"], pasted["articles"]) == ("/", 1)
    assert pasted["characters"] == sum(map(len, POST.values()))
    assert picked["review"] == 1  # it is too short
    assert pasted["model"] == picked["model"]


@pytest.mark.parametrize("where", ["title", "content"])
def test_a_hostile_post_is_text(client: TestClient, where: str) -> None:
    page = client.post("/", data={"title": "a", "content": "b", where: HOSTILE}).text
    read = Read(page)
    sources = [one["src"] for one in read.named("script")]
    assert len(sources) == 1
    assert str(sources[0]).startswith("/assets/page.js?v=")
    assert read.named("img") == []
    assert not [key for _, one in read.elements for key in one if key.startswith("on")]
    begin = (
        '<p class="headline" dir="auto">' if where == "title" else '<div class="body" dir="auto">'
    )
    end = "</p>" if where == "title" else "</div>"
    assert text_of(page, begin, end) == HOSTILE


@pytest.mark.parametrize("address", ["/", "/?example=s1-025", "/model", "/?example=x", "/?lang=zh"])
def test_nothing_is_inline_and_nothing_comes_from_elsewhere(
    client: TestClient, address: str
) -> None:
    page = client.get(address)
    parts = dict(
        one.strip().split(" ", 1) for one in page.headers["content-security-policy"].split(";")
    )
    assert parts == POLICY
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    read = Read(page.text)
    assert read.named("style") == []
    assert not [one for _, one in read.elements if "style" in one]
    addresses = [
        one.get(key) for _, one in read.elements for key in ("href", "src", "action", "formaction")
    ]
    assert all(one.startswith(("/", "#")) and one[:2] != "//" for one in addresses if one)
    assert "http:" not in page.text
    assert "https:" not in page.text


def test_a_long_post_is_read_as_far_as_articles_are(client: TestClient) -> None:
    content = "元宇宙" * 7000
    page = client.post("/", data={"title": "", "content": content}).text
    assert text_of(page, '<div class="body" dir="auto">', "</div>") == content[:20_000]
    assert "Only the first 20,000 characters were read and are shown." in page
    assert "The post is longer than what is read" in page
    assert content in page  # nothing of what was pasted is lost


@pytest.mark.parametrize(
    ("headers", "body", "status", "said"),
    [
        ({"content-type": "application/json"}, b"{}", 415, "sent in a way that is not understood"),
        ({}, b"content=a", 415, "sent in a way that is not understood"),
        (
            {"content-type": "application/x-www-form-urlencoded"},
            b"content=" + b"a" * 512 * 1024,
            413,
            "Cut it: only the first 20,000 characters are read.",
        ),
        (
            {"content-type": "application/x-www-form-urlencoded"},
            b"&".join(b"a%d=b" % at for at in range(30)),
            400,
            "The request could not be read.",
        ),
    ],
)
def test_what_is_no_form_is_told_to_a_person(
    client: TestClient, headers: dict[str, str], body: bytes, status: int, said: str
) -> None:
    page = client.post("/", content=body, headers=headers)
    assert (page.status_code, page.headers["content-type"][:9]) == (status, "text/html")
    assert said in page.text
    assert 'id="answer"' in page.text  # what a script of the page looks for


def test_languages_follow_the_browser_and_can_be_switched(client: TestClient) -> None:
    chinese = client.get("/model", headers={"accept-language": "zh-CN,zh;q=0.9"})
    assert '<html lang="zh-CN">' in chinese.text
    assert chinese.headers["content-language"] == "zh-CN"
    assert chinese.headers["vary"] == "Accept-Language"
    assert 'href="/model?lang=en"' in chinese.text
    switched = client.get("/model?lang=en", headers={"accept-language": "zh-CN"}).text
    assert '<html lang="en">' in switched
    assert 'href="/?lang=en"' in switched
    result = client.post("/?lang=zh", data=POST).text
    assert 'formaction="/?lang=en"' in result
    assert 'action="/?lang=zh#result"' in result


@pytest.mark.parametrize("code", ["zh", "en"])
@pytest.mark.parametrize("address", ["/?lang={}", "/?example=s12-011&lang={}", "/model?lang={}"])
def test_no_blank_of_a_text_stays_open(client: TestClient, address: str, code: str) -> None:
    page = client.get(address.format(code)).text
    assert re.findall(r"\{\w*\}", unescape(page)) == []


def test_the_model_is_explained_to_an_editor(client: TestClient, loaded: Loaded) -> None:
    page = client.get("/model").text
    for said in (
        loaded.manifest.version,
        "24 articles: 24 of the newsroom&#39;s own, 0 invented ones",
        "Measured on the newsroom&#39;s own posts",
        "<dt>measured on</dt><dd>24</dd>",
        "What is taken for what: type",
        "There are few distinct articles to judge the type by (24)",
        "元宇宙",
        "first version",
        "live",
    ):
        assert said in page
    assert page.count('class="interval"') == 8 + 3 * 8  # four of each group, three of each label
    assert "its store calls live" not in page


def test_a_version_that_is_pruned_meanwhile_is_shown_with_its_figures(version: Path) -> None:
    with TestClient(create_app(Settings(store=version.parent))) as client:
        shutil.rmtree(version)
        page = client.get("/model")
        assert page.status_code == 200
        assert "Measured on the newsroom&#39;s own posts" in page.text
        assert "on 24 posts of yours" in client.post("/", data=POST).text


def test_another_version_is_drawn_anew(version: Path, copied: Callable[[Path, str], Path]) -> None:
    app = create_app(Settings(store=version.parent))
    with TestClient(app) as client:
        assert version.name in client.get("/model").text
        copied(version, OTHER)
        other = load(Settings(store=version.parent, model=OTHER))
        app.service.live._take(other)
        assert OTHER in text_of(client.get("/model").text, "<dl", "</dl>")


def test_the_model_is_drawn_once_for_a_version(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get("/model").text
    monkeypatch.setattr("serving.explaining.portrait", lambda _: pytest.fail("drawn again"))
    assert client.get("/model").text == first


def test_files_of_the_pages_are_kept_for_as_long_as_they_do_not_change(client: TestClient) -> None:
    page = Read(client.get("/").text)
    used = [one["href"] for one in page.named("link")] + [
        one["src"] for one in page.named("script")
    ]
    assert {str(one).partition("?")[0] for one in used} == set(ASSETS)
    for address in used:
        asset = client.get(str(address))
        assert asset.status_code == 200
        assert asset.headers["content-type"] == ASSETS[str(address).partition("?")[0]]
        assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    stale = client.get("/assets/page.css?v=000000000000")
    assert (stale.status_code, stale.headers["cache-control"]) == (200, "no-store")


@pytest.fixture
def guarded(tmp_path: Path, loaded: Loaded) -> Iterator[tuple[TestClient, str, str]]:
    """A service with keys, and two of them: for predicting and for metrics."""
    settings = Settings(store=tmp_path, model=str(loaded.folder))
    keys = KeyFile(settings.keys)
    tokens = keys.add("desk", ["predict"]), keys.add("prometheus", ["metrics"])
    with TestClient(create_app(settings)) as client:
        yield client, *tokens


@pytest.mark.parametrize("path", sorted(PAGES))
def test_with_keys_a_browser_is_asked_for_one(
    path: str, guarded: tuple[TestClient, str, str]
) -> None:
    client, desk, prometheus = guarded
    page = client.get(path)
    assert page.status_code == 401
    assert page.headers["www-authenticate"] == 'Basic realm="newstag", charset="UTF-8"'
    assert "Give any name, and the key as the password." in page.text
    assert client.get(path, auth=("anybody", desk)).status_code == 200
    assert client.get(path, headers={"authorization": f"Bearer {desk}"}).status_code == 200
    refused = client.get(path, auth=("anybody", prometheus))
    assert (refused.status_code, "This key is not for this page." in refused.text) == (403, True)
    assert client.get(path, auth=("anybody", desk[:-1])).status_code == 401
    for broken in ("Basic", "Basic %%%", "Basic YQ==", "basic", f"Basic {desk}"):
        assert client.get(path, headers={"authorization": broken}).status_code == 401


def test_programs_bring_keys_as_before(guarded: tuple[TestClient, str, str]) -> None:
    client, desk, _ = guarded
    answer = client.post("/v1/predict", json=POST, auth=("anybody", desk))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="newstag"'


def test_files_of_the_pages_need_no_key(guarded: tuple[TestClient, str, str]) -> None:
    assert [guarded[0].get(path).status_code for path in ASSETS] == [200] * 3


@pytest.mark.parametrize("path", ["/", "/model", "/assets/page.css"])
def test_head_is_answered_as_get_is(path: str, client: TestClient) -> None:
    head, got = client.head(path), client.get(path)
    assert (head.status_code, head.text) == (200, "")
    for name in ("content-type", "content-length", "content-security-policy"):
        assert head.headers[name] == got.headers[name]


def test_a_method_that_a_page_has_not_is_told_with_those_that_it_has(client: TestClient) -> None:
    refused = client.put("/")
    assert refused.status_code == 405
    assert set(refused.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}
    assert "This page cannot be asked for in that way." in refused.text
    assert "style-src &#39;self&#39;" not in refused.text
    assert "style-src 'self'" in refused.headers["content-security-policy"]


def test_a_mistyped_address_is_told_to_a_person_as_a_page(client: TestClient) -> None:
    page = client.get("/modell", headers={"accept": "text/html,*/*;q=0.8"})
    assert (page.status_code, page.headers["content-type"][:9]) == (404, "text/html")
    assert "There is no such page or example." in page.text
    program = client.get("/modell", headers={"accept": "*/*"})
    assert program.headers["content-type"] == "application/problem+json"


def test_with_keys_a_mistyped_address_asks_for_no_password(
    guarded: tuple[TestClient, str, str],
) -> None:
    client, desk, _ = guarded
    html = {"accept": "text/html"}
    refused = client.get("/modell", headers=html)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (
        401,
        'Bearer realm="newstag"',
    )
    found = client.get("/modell", headers={**html, "authorization": f"Bearer {desk}"})
    assert (found.status_code, found.headers["content-type"][:9]) == (404, "text/html")


def test_whoever_waits_for_the_model_to_be_explained_waits_no_longer_than_the_deadline(
    trained: Path, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.explaining.portrait", lambda _: time.sleep(0.5))
    with TestClient(create_app(Settings(store=trained, deadline=0.1), loaded)) as client:
        page = client.get("/model")
    assert (page.status_code, page.headers["retry-after"]) == (503, "1")
    assert "The service is busy or just stopping." in page.text


def test_a_key_may_be_pasted_with_a_blank(guarded: tuple[TestClient, str, str]) -> None:
    client, desk, _ = guarded
    assert client.get("/", auth=("me", f"{desk} ")).status_code == 200


def test_requests_of_pages_leave_room_for_the_next_ones(app: Edge, client: TestClient) -> None:
    for _ in range(3):
        client.post("/", data=POST)
        client.post("/", data={})
        client.post("/", data={str(at): "" for at in range(30)})
    assert app.service.capacity._under_way == 0
    assert app.service.capacity._held == 0


def test_pages_are_held_within_the_bounds_of_all_answers(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.capacity.LARGEST", 2_000)
    page = client.post("/", data=POST)
    assert page.status_code == 422
    assert "The result would be too large." in page.text


def test_a_service_that_is_full_says_so_to_people(
    app: Edge, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.service.capacity, "_most", 0)
    page = client.post("/", data=POST)
    assert (page.status_code, page.headers["retry-after"]) == (503, "1")
    assert "The service is busy or just stopping." in page.text


def test_an_error_that_nobody_foresaw_names_the_request_and_no_word_of_the_post(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, logged: list[dict[str, object]]
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(POST["content"])

    monkeypatch.setattr("serving.pages.because", broken)
    page = client.post("/", data=POST, headers={"x-request-id": "abc-1"})
    assert page.status_code == 500
    assert "with the request number abc-1" in page.text
    assert POST["content"] not in page.text
    assert POST["content"] not in str(logged)
    assert logged[-1]["error"] == "RuntimeError"
