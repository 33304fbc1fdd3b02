"""Every command that a document shows can be typed, and every block is run or says why not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.blocks import read_blocks
from tests.docs.commands import Command, commands_in, fault
from tests.docs.run_pages import RUN

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
DOCUMENTS = [*sorted(ROOT.glob("README*.md")), *PAGES]
BLOCK = "```bash\n{}\n```\n"


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_command_parses(document: Path) -> None:
    found = commands_in(document.read_text("utf-8"))
    faults = ((one.line, one.words, fault(one.words)) for one in found)
    assert [f"{document.name}:{line}: {wrong}" for line, _, wrong in faults if wrong] == []


def test_many_commands_are_found() -> None:
    counts = {name_of(one): len(list(commands_in(one.read_text("utf-8")))) for one in DOCUMENTS}
    assert counts["README.md"] == counts["README.zh-CN.md"] > 15
    assert counts["docs/analysts.md"] > 15
    assert counts["docs/archive.md"] >= 4
    assert counts["docs/service.md"] >= 6


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("newstag train --fly", "No such option '--fly'."),
        ("newstag fly", "No such command 'fly'."),
        ("newstag models fly", "No such command 'fly'."),
        ("newstag tag", "Missing argument 'INPUTS...'."),
        (".venv/bin/newstag serve --port many", "'many' is not a valid integer range."),
        ("A=1 NEWSTAG_STORE=x newstag tag a --fly", "No such option '--fly'."),
        ("cat a | newstag tag - --fly | head", "No such option '--fly'."),
        ("true && newstag ui --fly", "No such option '--fly'."),
        ("if true; then newstag ui --fly; fi", "No such option '--fly'."),
        ("newstag tag a \\\n  --fly", "No such option '--fly'."),
        ('KEY="$(newstag keys add cms --fly)"', "No such option '--fly'."),
        ("KEY=$(newstag keys add cms --fly)", "No such option '--fly'."),
        ("newstag tag $(newstag ui --fly) a", "No such option '--fly'."),
        ("newstag tag $(ls) a --fly", "No such option '--fly'."),
        ("newstag ui --fly > out.txt 2>&1", "No such option '--fly'."),
        ("timeout -s INT 5 newstag ui --fly", "No such option '--fly'."),
        ("newstag ui --fly &", "No such option '--fly'."),
        ("newstag labels suspects # all\nnewstag ui --fly  # of them", "No such option '--fly'."),
        ("cat > a <<'END'\nnewstag fly\nEND\nnewstag ui --fly", "No such option '--fly'."),
    ],
)
def test_a_planted_wrong_command_is_found(line: str, message: str) -> None:
    faults = [fault(one.words) for one in commands_in(BLOCK.format(line))]
    (wrong,) = filter(None, faults)
    assert wrong.endswith(message)


def test_commands_are_found_where_they_stand() -> None:
    text = (
        "newstag no\n\n```console\n$ newstag compare a b \\\n    --json\nnewstag said this\n"
        "$ newstag ui\n```\n\n```text\nnewstag no\n```\n" + BLOCK.format("# newstag no\nnewstag ui")
    )
    assert list(commands_in(text)) == [
        Command(line=4, words=("compare", "a", "b", "--json")),
        Command(line=7, words=("ui",)),
        Command(line=15, words=("ui",)),
    ]


def test_quotes_hold_words_together() -> None:
    line = "newstag models promote latest --why \"better on 'events' | now\" --force"
    (found,) = commands_in(BLOCK.format(line))
    words = ("models", "promote", "latest", "--why", "better on 'events' | now", "--force")
    assert found.words == words
    assert fault(found.words) is None


def test_what_the_shell_fills_in_is_no_fault() -> None:
    text = BLOCK.format('newstag labels check $(ls)\nnewstag tag "$(ls)" --model=$(ls)')
    assert [one.words for one in commands_in(text)] == [
        ("labels", "check"),
        ("tag", "x", "--model=x"),
    ]


def test_the_settings_of_whoever_runs_the_tests_change_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NEWSTAG_PORT", "many")
    assert fault(("serve",)) is None
    assert fault(("models", "prune")) == "Missing option '--keep' (env var: 'NEWSTAG_KEEP')."


def test_no_verb_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert fault(("keys", "add", "cms", "--scope", "predict")) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_is_run_or_says_why_not(page: Path) -> None:
    run = [block for block in read_blocks(page) if block.runs]
    name = page.relative_to(ROOT / "docs").as_posix()
    where = [f"{name}:{block.line}" for block in run]
    assert not run or name in RUN, f"no test runs {', '.join(where)}"


def commands_of(page: str) -> list[str]:
    """What is typed in the blocks of a page, without comments."""
    return [re.sub(r"(^|\s+)#.*", "", text, flags=re.MULTILINE) for text in blocks(page, "bash")]


def blocks(page: str, language: str) -> list[str]:
    found = read_blocks(ROOT / "docs" / page)
    return [one.text for one in found if one.language == language]


def test_the_analysts_page_and_its_translation_show_the_same_commands() -> None:
    english = commands_of("analysts.md")
    assert len(english) == 11
    assert commands_of("analysts.zh-CN.md") == english


@pytest.mark.parametrize(("language", "count"), [("text", 1), ("console", 3), ("python", 1)])
def test_they_show_the_same_output_and_code(language: str, count: int) -> None:
    english = blocks("analysts.md", language)
    assert len(english) == count
    assert blocks("analysts.zh-CN.md", language) == english


def test_the_readme_and_its_translation_show_the_same_blocks() -> None:
    english, translated = (
        re.findall(r"^```\w*\n.*?^```", (ROOT / name).read_text("utf-8"), re.DOTALL | re.MULTILINE)
        for name in ("README.md", "README.zh-CN.md")
    )
    assert len(english) > 10
    assert translated == english
