from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labels.article import Article
from labels.errors import InputError, StateError
from models.prediction import Prediction
from models.predictor import Predictor
from serving.batch import Job, Outcome, tag

Rows = list[dict[str, Any]]


class Failing(Predictor):
    """A predictor that fails at its third article."""

    def __init__(self, whole: Predictor, error: Exception) -> None:
        super().__init__(whole.model, whole.version)
        self.error = error
        self.seen = 0

    def predict(self, articles: Any, explain: int = 0) -> list[Prediction]:
        self.seen += 1
        if self.seen == 3:
            raise self.error
        return super().predict(articles, explain)


@pytest.fixture
def source(tmp_path: Path, rows: Rows) -> str:
    """A file with the articles, one a line."""
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return str(path)


@pytest.fixture
def mixed(tmp_path: Path, rows: Rows) -> str:
    """A file with an article, a row without title, and an article."""
    path = tmp_path / "mixed.jsonl"
    given = [rows[0], {"id": "x"}, rows[1]]
    path.write_text("".join(json.dumps(row) + "\n" for row in given), "utf-8")
    return str(path)


def silent(_: object) -> None:
    """Nobody listens."""


def run(job: Job, predictor: Predictor, complain: Callable[[InputError], None] = silent) -> Outcome:
    return tag(job, predictor, complain, silent)


def test_every_article_is_tagged_and_counted(
    tmp_path: Path, predictor: Predictor, source: str, articles: list[Article]
) -> None:
    output = tmp_path / "out.jsonl"
    outcome = run(Job(inputs=[source], output=str(output)), predictor)
    expected = [one.as_json() for one in predictor.predict(articles)]
    found = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
    assert found == expected
    review = sum(one["review"] is True for one in expected)
    assert outcome == Outcome(tagged=24, review=review, rejected=0)


def test_progress_is_told_article_by_article(
    tmp_path: Path, predictor: Predictor, source: str
) -> None:
    told: list[int] = []
    tag(Job(inputs=[source], output=str(tmp_path / "o")), predictor, silent, told.append)
    assert told == list(range(1, 25))


def test_a_bad_row_is_told_counted_and_filed(
    tmp_path: Path, predictor: Predictor, mixed: str
) -> None:
    told: list[InputError] = []
    output = tmp_path / "out.jsonl"
    outcome = run(Job(inputs=[mixed], output=str(output)), predictor, told.append)
    filed = (tmp_path / "out.jsonl.rejects.jsonl").read_text("utf-8")
    assert (outcome.tagged, outcome.rejected) == (2, 1)
    assert [str(error) for error in told] == [
        f'{mixed}:2: no title. Add title or 标题title; "" where there is none.'
    ]
    assert json.loads(filed) == {
        "where": f"{mixed}:2",
        "what": "no title",
        "fix": 'Add title or 标题title; "" where there is none',
    }


def test_there_is_no_rejects_file_without_rejects(
    tmp_path: Path, predictor: Predictor, source: str
) -> None:
    run(Job(inputs=[source], output=str(tmp_path / "out.jsonl")), predictor)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


def test_strict_raises_at_the_bad_row(tmp_path: Path, predictor: Predictor, mixed: str) -> None:
    output = tmp_path / "out.jsonl"
    told: list[InputError] = []
    with pytest.raises(InputError) as caught:
        run(Job(inputs=[mixed], output=str(output), strict=True), predictor, told.append)
    assert caught.value.where == f"{mixed}:2"
    assert told == []
    assert not output.exists()


def test_a_failing_predictor_leaves_no_output(
    tmp_path: Path, predictor: Predictor, source: str
) -> None:
    output = tmp_path / "out.jsonl"
    failing = Failing(predictor, RuntimeError("tired"))
    with pytest.raises(RuntimeError, match=r"^tired$"):
        run(Job(inputs=[source], output=str(output)), failing)
    assert failing.seen == 3
    assert not output.exists()


def test_a_failing_predictor_keeps_the_output_of_before(
    tmp_path: Path, predictor: Predictor, source: str
) -> None:
    output = tmp_path / "out.jsonl"
    output.write_text("mine\n")
    failing = Failing(predictor, RuntimeError("tired"))
    with pytest.raises(RuntimeError, match=r"^tired$"):
        run(Job(inputs=[source], output=str(output), overwrite=True), failing)
    assert output.read_text() == "mine\n"


def test_a_job_runs_again_after_a_failure(
    tmp_path: Path, predictor: Predictor, source: str
) -> None:
    job = Job(inputs=[source], output=str(tmp_path / "out.jsonl"))
    with pytest.raises(RuntimeError, match=r"^tired$"):
        run(job, Failing(predictor, RuntimeError("tired")))
    assert run(job, predictor).tagged == 24
    assert len((tmp_path / "out.jsonl").read_text("utf-8").splitlines()) == 24


def test_an_output_that_exists_is_refused_before_anything_is_read(
    tmp_path: Path, predictor: Predictor
) -> None:
    output = tmp_path / "out.jsonl"
    output.write_text("mine\n")
    with pytest.raises(StateError) as caught:
        run(Job(inputs=["no such file"], output=str(output)), predictor)
    assert str(caught.value) == f"{output}: exists already. Give --overwrite, or another -o."


def test_a_full_disk_is_told_and_leaves_no_output(
    tmp_path: Path, predictor: Predictor, source: str
) -> None:
    output = tmp_path / "out.jsonl"
    failing = Failing(predictor, OSError(28, "No space left on device"))
    with pytest.raises(StateError) as caught:
        run(Job(inputs=[source], output=str(output)), failing)
    assert str(caught.value) == (
        f"{output}: cannot be written (No space left on device). Check the folder, its "
        "permissions and the space on its disk."
    )
    assert not output.exists()


def test_an_input_is_not_overwritten_by_its_answers(predictor: Predictor, source: str) -> None:
    before = Path(source).read_bytes()
    with pytest.raises(StateError) as refused:
        run(Job(inputs=[source], output=source, overwrite=True), predictor)
    assert str(refused.value) == f"{source}: an input as well. Give another -o."
    assert Path(source).read_bytes() == before


def test_what_is_no_file_is_not_replaced(predictor: Predictor, source: str, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.jsonl"
    os.mkfifo(pipe)
    with pytest.raises(StateError) as refused:
        run(Job(inputs=[source], output=str(pipe), overwrite=True), predictor)
    assert str(refused.value) == (
        f"{pipe}: not a file that can be replaced. Give a file with -o, or - for standard output."
    )
    assert pipe.is_fifo()


def test_a_link_stays_and_what_it_points_at_is_replaced(
    predictor: Predictor, source: str, tmp_path: Path
) -> None:
    (tmp_path / "real.jsonl").write_text("old", "utf-8")
    link = tmp_path / "link.jsonl"
    link.symlink_to(tmp_path / "real.jsonl")
    run(Job(inputs=[source], output=str(link), overwrite=True), predictor)
    assert link.is_symlink()
    assert len((tmp_path / "real.jsonl").read_text("utf-8").splitlines()) == 24


def test_two_runs_do_not_write_one_output(
    predictor: Predictor, source: str, tmp_path: Path
) -> None:
    with (tmp_path / "out.jsonl.partial").open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(StateError) as refused:
            run(Job(inputs=[source], output=str(tmp_path / "out.jsonl")), predictor)
    assert str(refused.value) == (
        f"{tmp_path}/out.jsonl: another run is writing it. Wait for it, or give another -o."
    )


def test_a_run_that_tags_nothing_leaves_the_output_as_it_was(
    predictor: Predictor, tmp_path: Path
) -> None:
    (tmp_path / "in.jsonl").write_text("{}\n", "utf-8")
    out = tmp_path / "out.jsonl"
    out.write_text("good", "utf-8")
    with pytest.raises(InputError) as refused:
        run(Job(inputs=[str(tmp_path / "in.jsonl")], output=str(out), overwrite=True), predictor)
    assert refused.value.what == "nothing could be tagged"
    assert out.read_text("utf-8") == "good"
    assert not (tmp_path / "out.jsonl.partial").exists()
    assert (tmp_path / "out.jsonl.rejects.jsonl").exists()


def test_without_an_output_answers_go_to_standard_output(
    predictor: Predictor, source: str, mixed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(Job(inputs=[source, mixed]), predictor)
    assert len(capsys.readouterr().out.splitlines()) == 26
    assert sorted(path.name for path in Path(source).parent.iterdir()) == [
        "in.jsonl",
        "mixed.jsonl",
    ]


def test_an_output_of_another_kind_is_refused(
    predictor: Predictor, source: str, tmp_path: Path
) -> None:
    out = str(tmp_path / "out.xlsx")
    with pytest.raises(StateError) as refused:
        run(Job(inputs=[source], output=out), predictor)
    assert str(refused.value) == f"{out}: no kind of output for '.xlsx'. End it in .jsonl or .csv."
