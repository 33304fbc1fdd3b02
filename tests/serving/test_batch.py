from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labels.article import Article
from labels.errors import InputError, StateError
from models.predictor import Predictor
from serving.batch import tag
from serving.job import Job, Outcome
from serving.journal import read_journal
from serving.places import beside
from serving.work import Work

Rows = list[dict[str, Any]]


class TiredError(Exception):
    """What a listener raises to break a run off."""


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


@pytest.fixture
def job(source: str, tmp_path: Path, work: Work) -> Job:
    """The articles, an article or two a block, into out.jsonl."""
    return Job(inputs=[source], output=str(tmp_path / "out.jsonl"), work=work, block=1000)


def silent(*_: object) -> None:
    """Nobody listens."""


def run(job: Job, complain: Callable[[InputError], None] = silent) -> Outcome:
    return tag(job, complain, silent)


def broken_off(job: Job, after: int, error: type[BaseException] = TiredError) -> None:
    """Run until so many articles are tagged and in the output, noted or not."""

    def listen(done: int, _share: float) -> None:
        if done >= after:
            raise error

    with pytest.raises(error):
        tag(job, silent, listen)


def refusal(job: Job) -> str:
    with pytest.raises((InputError, StateError)) as caught:
        run(job)
    return str(caught.value)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_every_article_is_tagged_and_counted(
    job: Job, predictor: Predictor, articles: list[Article]
) -> None:
    outcome = run(job)
    expected = [one.as_json() for one in predictor.predict(articles)]
    lines = Path(job.output).read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == expected
    review = sum(one["review"] is True for one in expected)
    assert outcome.counts == Counter(tagged=24, review=review)
    assert not outcome.already


def test_progress_ends_with_everything(job: Job) -> None:
    told: list[tuple[int, float]] = []
    tag(job, silent, lambda done, share: told.append((done, share)))
    assert told[-1] == (24, 1.0)
    assert told == sorted(told)
    assert len(told) > 5


@pytest.mark.parametrize("block", [1, 700, 5000, 10**7])
def test_the_bytes_do_not_depend_on_the_size_of_blocks(job: Job, block: int) -> None:
    run(job)
    before = Path(job.output).read_bytes()
    run(replace(job, block=block, overwrite=True))
    assert Path(job.output).read_bytes() == before


def test_two_processes_give_the_same_bytes_and_rejects(job: Job, mixed: str) -> None:
    job = replace(job, inputs=[*job.inputs, mixed])
    run(job)
    rejects = Path(f"{job.output}.rejects.jsonl")
    before = Path(job.output).read_bytes(), rejects.read_bytes()
    told: list[InputError] = []
    outcome = run(replace(job, jobs=2, overwrite=True), told.append)
    assert (Path(job.output).read_bytes(), rejects.read_bytes()) == before
    assert outcome.counts["tagged"] == 26
    assert [error.where for error in told] == [f"{mixed}:2"]


def test_a_bad_row_is_told_counted_and_filed(job: Job, mixed: str) -> None:
    told: list[InputError] = []
    outcome = run(replace(job, inputs=[mixed]), told.append)
    filed = Path(f"{job.output}.rejects.jsonl").read_text("utf-8")
    assert (outcome.counts["tagged"], outcome.counts["rejected"]) == (2, 1)
    assert [str(error) for error in told] == [
        f'{mixed}:2: no title. Add title or 标题title; "" where there is none.'
    ]
    assert json.loads(filed) == {
        "source": mixed,
        "unit": "line",
        "position": 2,
        "reason": "no title",
        "fix": 'Add title or 标题title; "" where there is none',
    }


def test_an_output_lies_with_its_journal_and_nothing_else(job: Job, tmp_path: Path) -> None:
    run(job)
    assert names(tmp_path) == ["in.jsonl", "out.jsonl", "out.jsonl.journal"]


def test_an_article_that_no_answer_is_found_for_is_a_reject(
    job: Job, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Predictor.predict

    def failing(self: Predictor, articles: list[Article], explain: int = 0) -> object:
        if any(one.id == rows[2]["id"] for one in articles):
            raise RuntimeError("tired")
        return whole(self, articles, explain)

    monkeypatch.setattr(Predictor, "predict", failing)
    told: list[InputError] = []
    outcome = run(job, told.append)
    assert (outcome.counts["tagged"], outcome.counts["rejected"]) == (23, 1)
    assert str(told[0]) == (
        f"{job.inputs[0]}:3: cannot be tagged (RuntimeError). "
        "Report it, with the article if you may."
    )


def test_strict_raises_at_the_bad_row_and_goes_on_without(
    job: Job, source: str, mixed: str
) -> None:
    job = replace(job, inputs=[source, mixed])
    told: list[InputError] = []
    with pytest.raises(InputError) as caught:
        run(replace(job, strict=True), told.append)
    assert caught.value.where == f"{mixed}:2"
    assert told == []
    assert not Path(job.output).exists()
    assert run(replace(job, resume=True)).counts["tagged"] == 26


def test_strict_does_not_go_on_behind_a_reject(job: Job, source: str, mixed: str) -> None:
    job = replace(job, inputs=[mixed, source])
    broken_off(job, 10)
    assert refusal(replace(job, resume=True, strict=True)) == (
        f"{job.output}: 1 articles were rejected before. "
        "Leave --strict out to go on, or --overwrite when the articles are mended."
    )


@pytest.mark.parametrize("error", [TiredError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_that_was_broken_off_goes_on_to_the_same_bytes(
    job: Job, mixed: str, error: type[BaseException], jobs: int, tmp_path: Path
) -> None:
    job = replace(job, inputs=[mixed, *job.inputs], jobs=jobs)
    run(replace(job, output=str(tmp_path / "whole.jsonl")))
    broken_off(job, 10, error)
    assert not Path(job.output).exists()
    noted = read_journal(beside(job.output).partial("journal"))
    assert noted is not None
    assert 2 <= noted.state.counts["tagged"] < 24
    outcome = run(replace(job, resume=True))
    assert outcome.counts["tagged"] == 26
    assert outcome.counts["rejected"] == 1
    for ending in ("", ".rejects.jsonl"):
        whole = (tmp_path / f"whole.jsonl{ending}").read_bytes()
        assert (tmp_path / f"out.jsonl{ending}").read_bytes() == whole
    assert [name for name in names(tmp_path) if "partial" in name] == []


def test_what_a_kill_left_behind_the_last_entry_is_cut_off(job: Job, tmp_path: Path) -> None:
    run(replace(job, output=str(tmp_path / "whole.jsonl")))
    broken_off(job, 10)
    with beside(job.output).partial("output").open("ab") as file:
        file.write(b'{"id": "half a li')
    with beside(job.output).partial("journal").open("ab") as file:
        file.write(b'{"source": 0, "pla')
    run(replace(job, resume=True))
    assert Path(job.output).read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def test_a_partial_file_that_lost_its_end_is_not_filled_up_with_nothing(job: Job) -> None:
    broken_off(job, 10)
    partial = beside(job.output).partial("output")
    os.truncate(partial, 5)
    assert refusal(replace(job, resume=True)) == (
        f"{partial}: shorter than its journal says: somebody altered it, or the disk lost it. "
        "Give --overwrite to start anew."
    )
    assert run(replace(job, overwrite=True)).counts["tagged"] == 24


def test_many_files_are_one_stream(job: Job, rows: Rows, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for at, row in enumerate(rows):
        (folder / f"{at:02}.jsonl").write_text(json.dumps(row), "utf-8")
    run(job)
    told: list[float] = []
    many = replace(job, inputs=[str(folder)], output=str(tmp_path / "many.jsonl"))
    broken_off(many, 10)
    tag(replace(many, resume=True), silent, lambda _done, share: told.append(share))
    assert Path(many.output).read_bytes() == Path(job.output).read_bytes()
    assert told == sorted(told)
    assert 0.3 < told[0] < 0.6
    assert told[-1] == 1.0


def test_resuming_where_nothing_was_begun_is_beginning(job: Job) -> None:
    assert run(replace(job, resume=True)).counts["tagged"] == 24


def test_an_unfinished_run_is_not_thrown_away_unasked(job: Job) -> None:
    broken_off(job, 10)
    assert refusal(job) == (
        f"{job.output}: an unfinished run is there. "
        "Give --resume to go on with it, or --overwrite to start anew."
    )
    assert run(replace(job, overwrite=True)).counts["tagged"] == 24


def test_an_unfinished_run_of_another_job_is_refused(job: Job, mixed: str) -> None:
    broken_off(job, 10)
    other = replace(job, inputs=[mixed], work=replace(job.work, explain=1))
    for asked in (other, replace(other, resume=True)):
        assert refusal(asked) == (
            f"{job.output}: an unfinished run with another explain and input is there. Go on "
            "with what it was begun with and --resume, or give --overwrite to start anew."
        )
    assert run(replace(other, overwrite=True)).counts["tagged"] == 2


def test_what_is_done_is_not_done_again(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run(job)
    with monkeypatch.context() as patch:
        patch.setattr("serving.batch.spread", None)
        again = run(job)
    assert again.already
    assert again.counts == first.counts


def test_an_output_that_somebody_altered_is_not_done(job: Job) -> None:
    run(job)
    with Path(job.output).open("a") as file:
        file.write("mine\n")
    assert refusal(job) == f"{job.output}: exists already. Give --overwrite, or another -o."


def test_an_output_of_another_job_is_left_alone(job: Job, mixed: str) -> None:
    run(job)
    before = Path(job.output).read_bytes()
    assert refusal(replace(job, inputs=[mixed])) == (
        f"{job.output}: exists already, with another input. Give --overwrite, or another -o."
    )
    assert Path(job.output).read_bytes() == before


def test_the_output_of_before_stands_until_the_new_one_is_whole(job: Job) -> None:
    Path(job.output).write_text("mine\n")
    broken_off(replace(job, overwrite=True), 10)
    assert Path(job.output).read_text() == "mine\n"


def test_a_partial_file_of_somebody_else_is_not_written_over(job: Job) -> None:
    partial = Path(f"{job.output}.partial")
    partial.write_text("mine\n")
    assert refusal(job) == (
        f"{partial}: not of a run that can go on. Remove it, or give --overwrite."
    )
    assert partial.read_text() == "mine\n"


def test_an_input_that_changes_meanwhile_is_refused(job: Job, source: str) -> None:
    def write(_done: int, _share: float) -> None:
        with Path(source).open("a") as file:
            file.write("\n")

    with pytest.raises(InputError) as refused:
        tag(job, silent, write)
    assert str(refused.value) == (
        f"{source}: changed while it was read. Run again with --overwrite when nobody writes to it."
    )
    assert not Path(job.output).exists()


def test_an_input_called_like_a_file_of_the_output_is_not_written_over(
    job: Job, source: str, tmp_path: Path
) -> None:
    for ending in (".changed.jsonl", ".rejects.jsonl", ".partial", ".journal"):
        mine = tmp_path / f"out.jsonl{ending}"
        mine.write_bytes(Path(source).read_bytes())
        said = refusal(replace(job, inputs=[str(mine)], overwrite=True))
        assert said.startswith(f"{mine}: an input that the output would write over. ")
        assert mine.read_bytes() == Path(source).read_bytes()
        mine.unlink()


def test_what_goes_with_an_output_that_was_moved_away_is_not_removed_unasked(
    job: Job, tmp_path: Path
) -> None:
    compared = replace(job, work=replace(job.work, against="labels"))
    run(compared)
    Path(job.output).rename(tmp_path / "kept.jsonl")
    summary = tmp_path / "out.jsonl.summary.json"
    assert refusal(job) == (
        f"{summary}: exists already. Move it away too, give --overwrite, or another -o."
    )
    assert summary.exists()


def test_a_link_to_a_file_of_another_kind_is_refused(job: Job, tmp_path: Path) -> None:
    link = tmp_path / "latest.jsonl"
    link.symlink_to(tmp_path / "run.parquet")
    assert refusal(replace(job, output=str(link))) == (
        f"{link}: a link to a file of another kind, 'run.parquet'. "
        "Give the file itself, or a link of its kind."
    )


def test_a_named_pipe_is_not_emptied_by_looking_at_it(job: Job, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.jsonl"
    os.mkfifo(pipe)
    assert refusal(replace(job, inputs=[str(pipe)])) == (
        f"{pipe}: not a file that can be read twice. Pipe it in, and give - instead."
    )


def test_a_packed_file_of_somebody_else_is_not_the_output(job: Job) -> None:
    packed = beside(job.output).packed()
    packed.write_text("mine\n")
    run(job)
    assert len(Path(job.output).read_text("utf-8").splitlines()) == 24
    assert packed.read_text() == "mine\n"


def test_what_takes_its_place_is_what_the_journal_says(
    job: Job, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A power cut has lost what was packed, and left the rows."""
    job = replace(job, output=str(tmp_path / "out.csv.gz"), work=replace(job.work, rows="csv"))

    def killed(*_: object) -> None:
        raise TiredError

    with monkeypatch.context() as patch:
        patch.setattr("serving.batch.put_in_place", killed)
        with pytest.raises(TiredError):
            run(job)
    beside(job.output).packed().unlink()
    partial = beside(job.output).partial("output")
    assert refusal(job) == (
        f"{partial}: not what its journal says. Give --overwrite to start anew."
    )
    assert not Path(job.output).exists()


def test_a_run_that_has_done_nothing_is_in_nobodys_way(job: Job, source: str) -> None:
    text = Path(source).read_text("utf-8")
    Path(source).write_text("oops\n" + text, "utf-8")
    with pytest.raises(InputError):
        run(replace(job, strict=True))
    Path(source).write_text(text, "utf-8")
    assert run(job).counts["tagged"] == 24


def test_the_rejects_of_an_output_that_stays_stay(job: Job, mixed: str, tmp_path: Path) -> None:
    run(replace(job, inputs=[mixed]))
    rejects = Path(f"{job.output}.rejects.jsonl")
    before = rejects.read_bytes()
    bad = tmp_path / "bad.jsonl"
    bad.write_text("{}\n", "utf-8")
    assert "nothing could be tagged" in refusal(replace(job, inputs=[str(bad)], overwrite=True))
    assert rejects.read_bytes() == before


def test_a_second_input_that_vanishes_leaves_what_is_done(
    job: Job, source: str, mixed: str, tmp_path: Path
) -> None:
    job = replace(job, inputs=[source, mixed])
    run(replace(job, output=str(tmp_path / "whole.jsonl")))
    away = tmp_path / "away"

    def take(done: int, _share: float) -> None:
        if done == 24:
            Path(mixed).rename(away)

    with pytest.raises(InputError) as refused:
        tag(job, silent, take)
    assert str(refused.value) == (
        f"{mixed}: no such file or directory. Check the path and its permissions."
    )
    away.rename(mixed)
    run(replace(job, resume=True))
    assert Path(job.output).read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def test_a_full_disk_is_told_and_leaves_what_is_done(
    job: Job, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run(replace(job, output=str(tmp_path / "whole.jsonl")))
    written: list[int] = []

    def full(handle: int) -> None:
        written.append(handle)
        if len(written) > 9:
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("serving.batch._NOTE", -1)
        patch.setattr(os, "fsync", full)
        assert refusal(job) == (
            f"{job.output}: cannot be written (No space left on device). Check the folder, its "
            "permissions and the space on its disk."
        )
    assert not Path(job.output).exists()
    run(replace(job, resume=True))
    assert Path(job.output).read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def test_an_input_is_not_overwritten_by_its_answers(job: Job, source: str) -> None:
    before = Path(source).read_bytes()
    said = refusal(replace(job, output=source, overwrite=True))
    assert said == f"{source}: an input as well. Give another -o."
    assert Path(source).read_bytes() == before


def test_an_output_in_a_folder_of_inputs_is_no_input(job: Job, tmp_path: Path) -> None:
    job = replace(job, inputs=[str(tmp_path)])
    assert run(job).counts["tagged"] == 24
    assert run(job).already


def test_what_is_no_file_is_not_replaced(job: Job, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.jsonl"
    os.mkfifo(pipe)
    assert refusal(replace(job, output=str(pipe), overwrite=True)) == (
        f"{pipe}: not a file that can be replaced. Give a file with -o, or - for standard output."
    )
    assert pipe.is_fifo()


def test_a_link_stays_and_what_it_points_at_is_replaced(job: Job, tmp_path: Path) -> None:
    (tmp_path / "real.jsonl").write_text("old", "utf-8")
    link = tmp_path / "link.jsonl"
    link.symlink_to(tmp_path / "real.jsonl")
    run(replace(job, output=str(link), overwrite=True))
    assert link.is_symlink()
    assert len((tmp_path / "real.jsonl").read_text("utf-8").splitlines()) == 24


def test_two_runs_do_not_write_one_output(job: Job) -> None:
    said: list[str] = []

    def another(done: int, _share: float) -> None:
        if not said and done:
            said.append(refusal(replace(job, resume=True)))

    tag(job, silent, another)
    assert said == [f"{job.output}: another run is writing it. Wait for it, or give another -o."]


def test_a_run_that_tags_nothing_leaves_the_output_as_it_was(job: Job, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text("{}\n", "utf-8")
    out = Path(job.output)
    out.write_text("good", "utf-8")
    bad = str(tmp_path / "bad.jsonl")
    assert refusal(replace(job, inputs=[bad], overwrite=True)) == (
        f"{bad}: nothing could be tagged. Mend the unreadable articles."
    )
    assert out.read_text("utf-8") == "good"
    assert [name for name in names(tmp_path) if "partial" in name] == []
    assert (tmp_path / "out.jsonl.rejects.jsonl").exists()


def test_without_an_output_answers_go_to_standard_output(
    job: Job, mixed: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    outcome = run(replace(job, inputs=[*job.inputs, mixed], output="-"))
    assert len(capsys.readouterr().out.splitlines()) == 26
    assert outcome.counts["rejected"] == 1
    assert names(tmp_path) == ["in.jsonl", "mixed.jsonl"]


def test_an_output_of_another_kind_is_refused(job: Job, tmp_path: Path) -> None:
    out = str(tmp_path / "out.xlsx")
    assert refusal(replace(job, output=out)) == (
        f"{out}: no kind of output for '.xlsx'. "
        "End it in .jsonl, .csv or .parquet, or in .jsonl.gz or .csv.gz."
    )


@pytest.mark.parametrize("done", ["packed", "rejects", "output"])
def test_a_kill_while_parts_take_their_places_is_made_good(
    job: Job, mixed: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, done: str
) -> None:
    """Whichever part was the last to be in its place."""
    job = replace(job, inputs=[mixed, *job.inputs], output=str(tmp_path / "out.csv.gz"))
    job = replace(job, work=replace(job.work, rows="csv"))
    run(replace(job, output=str(tmp_path / "whole.csv.gz")))
    real = Path.replace

    def killed(self: Path, target: Path) -> Path:
        steps = {"packed": ".packed", "rejects": ".rejects.jsonl.partial", "output": "gz.partial"}
        moved = real(self, target)
        if self.name.endswith(steps[done]):
            raise TiredError
        return moved

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(TiredError):
            run(job)
    again = run(job)
    assert again.already
    for ending in ("", ".rejects.jsonl"):
        whole = (tmp_path / f"whole.csv.gz{ending}").read_bytes()
        assert (tmp_path / f"out.csv.gz{ending}").read_bytes() == whole
    assert [name for name in names(tmp_path) if "partial" in name or "packed" in name] == []
