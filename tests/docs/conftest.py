"""What tests of documents share."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.docs.judging import ALL, WITH_STARTER, put_command
from tests.docs.run_pages import HOW_TO, ON_A_STORE, TUTORIAL
from tests.docs.running import ROOT, run_page
from tests.docs.small import put_store, small_store

# What a page shows of a report depends on how often it was judged in the tutorial alone, which
# shows the figures of its first training.
_JUDGED_ONCE = {TUTORIAL: WITH_STARTER, **dict.fromkeys(HOW_TO, ALL)}


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """Behind some shells processes are begun so that Ctrl-C is ignored, and so would theirs be."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module")
def run(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], None]]:
    """Wait until a page of docs/ has been run in an empty folder.

    The pages that the tests of a file ask for are begun at once, the longest first, two at a time:
    most of what they do keeps one core busy.
    """

    def begin(page: str) -> None:
        folder = tmp_path_factory.mktemp("page")
        if page in ON_A_STORE:
            put_store(tmp_path_factory, folder / "newstag" / "models" / "store")
        commands = tmp_path_factory.mktemp("commands")
        if page in _JUDGED_ONCE:
            put_command(commands, _JUDGED_ONCE[page])
        run_page(ROOT / "docs" / page, folder, commands)

    here = (item for item in request.session.items if item.path == request.path)
    asked = {_page(item) for item in here}
    if asked & {*ON_A_STORE}:
        small_store(tmp_path_factory)  # trained before there are two who would
    with ThreadPoolExecutor(2) as pool:
        begun = {
            page: pool.submit(begin, page)
            for page in (TUTORIAL, *HOW_TO, *ON_A_STORE)
            if page in asked
        }
        yield lambda page: begun[page].result()
        for one in begun.values():  # where the tests end early
            one.cancel()


def _page(item: pytest.Item) -> object:
    """The page that a test asks for; tests elsewhere have no such parameter, or another one."""
    return getattr(getattr(item, "callspec", None), "params", {}).get("page")
