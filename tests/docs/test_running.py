"""What the runner of documents does and tells."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs.blocks import read_blocks
from tests.docs.running import copy_tracked, run_page

Told = Callable[[str], str]


@pytest.fixture(autouse=True)
def _few_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy of the repository is tested by itself."""
    monkeypatch.setattr("tests.docs.running.copy_tracked", Path.mkdir)


@pytest.fixture
def page(tmp_path: Path) -> Callable[[str], None]:
    """Run a page with this text."""

    def run(text: str) -> None:
        path = tmp_path / "page.md"
        path.write_text(text, "utf-8")
        (tmp_path / "folder").mkdir()
        run_page(path, tmp_path / "folder")

    return run


@pytest.fixture
def told(page: Callable[[str], None]) -> Told:
    """What is told of a page with this text, which fails."""

    def run(text: str) -> str:
        with pytest.raises(AssertionError) as failed:
            page(text)
        return str(failed.value)

    return run


def bash(text: str, mark: str = "") -> str:
    above = f"<!-- {mark} -->\n" if mark else ""
    return f"{above}```bash\n{text}\n```\n"


def prints(text: str) -> str:
    return f"\n<!-- prints -->\n```text\n{text}\n```\n"


def test_an_unmarked_block_is_run(page: Callable[[str], None], tmp_path: Path) -> None:
    page(f"# A page\n\n{bash('touch made')}")
    assert (tmp_path / "folder/newstag/made").exists()


def test_blocks_share_variables_and_the_working_directory(page: Callable[[str], None]) -> None:
    first = bash("mkdir below; cd below; name=Li; export other=Wang; file=x; code=7; kind=y")
    page(
        first
        + bash('echo "$name $(basename "$PWD")"; bash -c "echo $other"')
        + prints("Li below\nWang")
    )


def test_a_page_runs_with_a_home_of_its_own_and_without_settings(
    page: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSTAG_STORE", "elsewhere")
    shown = prints("in …/home\nNEWSTAG_PORT=…\n")
    page(bash('ls -A ~; echo "in $HOME"; env | grep NEWSTAG') + shown)


def test_a_failing_block_is_told_with_page_line_and_output(told: Told) -> None:
    told_of = told("Text.\n\n" + bash("echo before\nls missing\necho after"))
    assert told_of.startswith("page.md:5: exit code 2\necho before\nls missing\necho after\n")
    assert re.search(r"printed was\nbefore\nls: .*missing", told_of)
    assert "\nafter\n" not in told_of.partition("printed was")[2]


def test_a_failure_in_a_pipe_or_of_an_unset_variable_counts(told: Told) -> None:
    assert told(bash("false | cat")).startswith("page.md:2: exit code 1\n")


def test_an_unset_variable_ends_a_page(told: Told) -> None:
    assert "unbound variable" in told(bash('echo "$nobody_set_this"'))


def test_a_block_that_ends_the_shell_is_a_failure(told: Told) -> None:
    assert told(bash("exit 0")).startswith("page.md:2: exit code 0\n")


def test_what_the_page_says_is_printed_in_this_order(page: Callable[[str], None]) -> None:
    page(bash("seq 5; echo 'ends in 0.73 s' >&2") + prints("…\n2\n\n3\n4\n…\nends in … s"))


def test_a_line_that_is_not_printed_is_told_with_its_own_line(told: Told) -> None:
    told_of = told(bash("seq 5") + prints("…\n4\n2"))
    assert told_of.startswith("page.md:9: not printed (after the lines above it):\n2\n")
    assert told_of.endswith("printed was\n1\n2\n3\n4\n5\n")


@pytest.mark.parametrize(
    ("shown", "line", "left_out"),
    [
        ("2\n3\n4\n5", 7, "1"),
        ("1\n2\n\n4\n5", 10, "3"),
        ("1\n2\n3\n4", 10, "5"),
        ("1\n…\n4", 9, "5"),
    ],
)
def test_a_line_that_is_left_out_without_a_sign_is_told(
    told: Told, shown: str, line: int, left_out: str
) -> None:
    told_of = told(bash("seq 5") + prints(shown))
    what = f"printed, and left out without a line of …:\n{left_out}"
    assert told_of == f"page.md:{line}: {what}\n--- printed was\n1\n2\n3\n4\n5\n"


def test_lines_behind_a_gap_may_begin_at_a_later_one(page: Callable[[str], None]) -> None:
    page(bash("printf 'a\\nb\\na\\nc\\n'") + prints("…\na\nc\n…"))


def test_half_a_line_is_not_a_line(told: Told) -> None:
    assert "not printed" in told(bash("echo 12") + prints("1"))


def test_what_an_earlier_block_printed_does_not_count(told: Told) -> None:
    assert "not printed" in told(bash("echo 1") + bash("echo 2") + prints("1"))


def test_a_block_that_fails_as_the_page_says_is_good(page: Callable[[str], None]) -> None:
    page(bash("cd /; echo no; false", "fails") + prints("no") + bash("pwd") + prints("…/newstag"))


def test_a_block_that_does_not_fail_as_the_page_says_is_told(told: Told) -> None:
    told_of = told(bash("true", "fails"))
    assert told_of.startswith("page.md:3: exit code 0, and the page says that it fails\ntrue\n")


def test_a_block_that_is_not_run_needs_a_reason(told: Told) -> None:
    told_of = told(bash("false", "not run"))
    assert told_of == "page.md:2: say why: <!-- not run: REASON -->"


def test_a_block_with_a_reason_is_not_run(page: Callable[[str], None]) -> None:
    page(bash("false", "not run: it takes a day"))


def test_a_mark_that_nobody_knows_is_told(told: Told) -> None:
    assert told(bash("true", "failing")) == "page.md:2: no mark 'failing' for bash"


def test_what_a_block_prints_that_is_not_run_cannot_be_checked(told: Told) -> None:
    told_of = told(bash("echo 1") + bash("echo 2", "not run: so") + prints("1"))
    assert told_of.endswith("the bash block that prints this is not run")


def test_what_no_block_prints_cannot_be_checked(told: Told) -> None:
    assert told(prints("1")) == "page.md:4: no bash block prints this"


def test_a_fence_without_an_end_is_told(told: Told) -> None:
    assert told("```bash\ntrue\n") == "page.md:1: the fence has no end"


def test_fences_in_a_list_and_of_other_languages_are_read(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("- So:\n\n  ```bash\n  a\n    b\n  ```\n\n````markdown\n```\n````\n", "utf-8")
    found = [(one.line, one.language, one.text) for one in read_blocks(path)]
    assert found == [(4, "bash", "a\n  b\n"), (9, "markdown", "```\n")]


ALONE = "in a terminal of its own"
ANSWERS = """
python3 - --port 8000 <<'END' # as newstag serve
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"NAME")
    def log_message(self, *_): print(*_, flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
END
"""
CURL = "curl -s http://127.0.0.1:8000/"


def test_a_service_answers_the_next_block(page: Callable[[str], None]) -> None:
    page(bash(ANSWERS, ALONE) + prints("…/readyz…\n…") + bash(CURL) + prints("NAME"))


def test_a_second_service_takes_the_place_of_the_first(page: Callable[[str], None]) -> None:
    second = bash(ANSWERS.replace("NAME", "second"), ALONE)
    page(bash(ANSWERS, ALONE) + second + bash(CURL) + prints("second"))


def test_the_port_of_a_page_is_a_free_one(page: Callable[[str], None]) -> None:
    page(
        bash('echo "http://127.0.0.1:8000/ $NEWSTAG_PORT" | tee here')
        + prints("http://127.0.0.1:8000/ …")
        + bash('test "$(cat here)" = "http://127.0.0.1:$NEWSTAG_PORT/ $NEWSTAG_PORT"')
        + bash('test "$NEWSTAG_PORT" != "80""00"')
    )


def test_a_service_that_ends_before_it_answers_is_told(told: Told) -> None:
    told_of = told(bash("echo out of order; exit 3  # newstag serve", ALONE))
    assert told_of.startswith("page.md:3: ended with 3 before it answered\n")
    assert told_of.endswith("printed was\nout of order\n")


def test_a_block_beside_the_others_that_fails_later_is_told(told: Told) -> None:
    told_of = told(bash("sleep 0.1; false", ALONE) + bash("sleep 1"))
    assert told_of.startswith("page.md:3: ended by itself with 1\n")


@pytest.fixture
def beating() -> str:
    """A block that goes on, and one that waits until it does."""
    block = bash("while true; do touch beat; sleep 0.05; done | cat", ALONE)
    return block + bash("until test -e beat; do sleep 0.05; done")


def assert_it_was_ended(beat: Path) -> None:
    beat.unlink()
    time.sleep(0.3)
    assert not beat.exists()


def test_a_block_in_a_terminal_of_its_own_is_ended_with_all_that_it_started(
    page: Callable[[str], None], beating: str, tmp_path: Path
) -> None:
    page(beating)
    assert_it_was_ended(tmp_path / "folder/newstag/beat")


def test_it_is_ended_when_a_later_block_fails(told: Told, beating: str, tmp_path: Path) -> None:
    assert "exit code 1" in told(beating + bash("false"))
    assert_it_was_ended(tmp_path / "folder/newstag/beat")


def test_the_copy_has_the_files_of_the_repository_and_no_others(tmp_path: Path) -> None:
    copy_tracked(tmp_path / "copy")
    assert (tmp_path / "copy/docs/example.jsonl").is_file()
    assert (tmp_path / "copy/.ci/run").stat().st_mode & 0o100
    assert not (tmp_path / "copy/.venv").exists()
    assert not (tmp_path / "copy/models/store").exists()
