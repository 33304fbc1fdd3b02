"""The pictures of the page, taken of a service that runs: make.py URL, of `newstag serve`.

Its version should be trained on the starter articles alone, as `newstag train` does. Needs
Chromium and the dev group of dependencies.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
TITLE = "青屿市脑机接口康复中心启用，患者用“念头”端起一杯水"
CONTENT = (
    "12月3日，青屿市脑机接口康复中心在滨河新区揭牌。现场，高位截瘫六年的患者老顾戴上脑电帽，"
    "盯着屏幕想了几秒，机械臂便把水杯送到他嘴边。\n"
    "中心由市第三医院与青屿大学共建，配备脑电采集、功能性电刺激和虚拟现实训练舱，"
    "首批接收四十名脑卒中患者。负责人贺知夏介绍，大模型会把每次训练的信号自动整理成报告，"
    "供医生参考，算力由本地的智能体平台提供。\n"
    "她也坦言，解码的准确率因人而异，离走进家庭还有距离。"
)


def main(url: str) -> None:
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        # Of pages of one's own; the sandbox would refuse to work for root.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        _page(browser, url)
        _phone(browser, url)
        _model(browser, url)
        browser.close()


def _page(browser: Browser, url: str) -> None:
    page = browser.new_page(locale="en-US", viewport={"width": 1280, "height": 900})
    _tag(page, url)
    _take(page, "page.png", first="#result-heading", last=".post article")


def _phone(browser: Browser, url: str) -> None:
    page = browser.new_page(
        locale="zh-CN",
        color_scheme="dark",
        viewport={"width": 390, "height": 844},
        device_scale_factor=2,
        is_mobile=True,
        has_touch=True,
    )
    _tag(page, url)
    _take(page, "page-phone.png", first="#result-heading", last=".row:nth-child(4)")


def _model(browser: Browser, url: str) -> None:
    page = browser.new_page(locale="en-US", viewport={"width": 1280, "height": 900})
    page.goto(f"{url}/model")
    _take(page, "model.png", first="h1", last="table.confusion")


def _tag(page: Page, url: str) -> None:
    page.goto(f"{url}/")
    page.fill("#title", TITLE)
    page.fill("#post", CONTENT)
    page.click("#tag")
    page.wait_for_selector("#result")
    page.evaluate("() => document.activeElement.blur()")


def _take(page: Page, name: str, *, first: str, last: str) -> None:
    """The whole width of the page, from one element to another."""
    top, bottom = (page.locator(one).first.bounding_box() for one in (first, last))
    if top is None or bottom is None:
        raise SystemExit(f"{page.url}: no {first} or no {last}. Is it a page of newstag?")
    begin = top["y"] - 16 + page.evaluate("() => window.scrollY")
    end = bottom["y"] + bottom["height"] + 24 + page.evaluate("() => window.scrollY")
    width = page.evaluate("() => document.documentElement.clientWidth")
    clip = {"x": 0, "y": begin, "width": width, "height": end - begin}
    page.screenshot(path=HERE / name, full_page=True, clip=clip)  # type: ignore[arg-type] # of numbers


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
