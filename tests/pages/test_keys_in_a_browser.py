"""Where keys are in force a browser asks for one, and remembers it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from serving.keys import KeyFile
from tests.pages.conftest import served
from tests.pages.posts import SURE
from tests.pages.visit import Visits, tag


@pytest.fixture(scope="module")
def closed(
    trained: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, dict[str, str]]]:
    """The address of a service with keys, and its tokens by their scope."""
    store = Path(shutil.copytree(trained, tmp_path_factory.mktemp("closed") / "store"))
    keys = KeyFile(store / "keys.json")
    tokens = {scope: keys.add(scope, [scope]) for scope in ("predict", "metrics")}
    with served(store, store.parent / "log") as url:
        yield url, tokens


@pytest.fixture
def behind(browser: Browser, closed: tuple[str, dict[str, str]]) -> Iterator[Visits]:
    made = Visits(browser, closed[0])
    yield made
    made.close()
    assert made.strangers == []
    assert made.complaints == []


def test_with_the_key_as_password_everything_works(
    behind: Visits, closed: tuple[str, dict[str, str]]
) -> None:
    credentials = {"username": "任何人", "password": closed[1]["predict"]}
    page = behind.open("/", http_credentials=credentials)
    tag(page, SURE)
    assert page.inner_text("#result-heading") == "Result"
    page.click("nav >> text=The model")
    assert page.inner_text("h1") == "The model"
    # A script may not ask an address that has a key in it.
    page.goto(behind.url.replace("//", f"//desk:{closed[1]['predict']}@") + "/")
    tag(page, SURE)
    with page.expect_navigation():
        page.click("text=中文")
    page.wait_for_selector(".verdict")
    assert page.get_attribute("html", "lang") == "zh-CN"
    assert page.input_value("#post") == SURE.content


@pytest.mark.parametrize(
    ("locale", "what", "fix"),
    [
        ("en-US", "A key is needed. Give any name, and the key as the password.", "Ask the"),
        ("zh-CN", "需要密钥：名称任意，密码填密钥。", "请向运维人员"),
    ],
)
def test_with_a_wrong_key_a_page_says_what_is_needed(
    behind: Visits, locale: str, what: str, fix: str
) -> None:
    wrong = {"username": "desk", "password": "newstag_00000000_" + "A" * 43}
    page = behind.open("/", locale=locale, http_credentials=wrong)
    assert page.inner_text("#result-heading") == f"401 {what}"
    assert fix in page.inner_text("#result")
    # Its style came although no key did.
    assert page.evaluate("() => getComputedStyle(document.body).marginTop") == "0px"
    assert page.evaluate("() => document.styleSheets[0].cssRules.length") > 50
    assert "status of 401 (" in behind.complaints.pop()


def test_a_key_of_another_scope_is_told_apart(
    behind: Visits, closed: tuple[str, dict[str, str]]
) -> None:
    credentials = {"username": "", "password": closed[1]["metrics"]}
    page = behind.open("/model", http_credentials=credentials)
    assert page.inner_text("#result-heading") == "403 This key is not for this page."
    assert "status of 403 (" in behind.complaints.pop()


def test_a_browser_is_asked_by_name_and_password_for_pages_only(
    browser: Browser, behind: Visits
) -> None:
    context = browser.new_context()
    request = context.request
    for path in ("/", "/model"):
        answer = request.get(f"{behind.url}{path}")
        assert answer.status == 401
        assert answer.headers["www-authenticate"] == 'Basic realm="newstag", charset="UTF-8"'
    answer = request.post(f"{behind.url}/v1/predict", data={"title": "", "content": ""})
    assert answer.headers["www-authenticate"] == 'Bearer realm="newstag"'
    for name in ("page.css", "page.js", "icon.svg"):
        assert request.get(f"{behind.url}/assets/{name}").status == 200
    context.close()
