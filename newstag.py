"""The command line: it joins the verbs of the rooms, and imports nothing until one is called.

It is long because it lists every option of every verb; what a verb does lives in its room.
"""

from __future__ import annotations

import io
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import click

if TYPE_CHECKING:
    from pathlib import Path
    from threading import Event

    from labels.corpus import Corpus
    from labels.errors import InputError
    from labels.joining import Given
    from models.store import Store
    from serving.job import Job, Outcome
    from serving.keys import KeyFile
    from serving.work import Work
    from training.syncing import Sync

_REGISTERED = "models:/"  # what a reference into an MLflow registry begins with
_SAME = 1.0  # seconds within which signals are one
_SHOWN = 10  # messages about unreadable rows; the rest is counted


def main() -> None:
    """Run a verb; errors of newstag become one line on stderr and exit code 1."""
    for stream in (sys.stdout, sys.stderr):  # whatever the locale: answers are UTF-8
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except OSError as error:
        where = error.filename or "standard output"
        fix = "Check the path, its permissions and the space on its disk"
        click.echo(f"{where}: {(error.strerror or str(error)).lower()}. {fix}.", err=True)
        sys.stdout = None  # or Python tries to flush it once more, and fails again
        sys.exit(1)
    except Exception as error:
        from labels.errors import NewstagError

        if not isinstance(error, NewstagError):
            raise
        click.echo(str(error), err=True)
        sys.exit(1)


def _setting(name: str, *short: str, **more: Any) -> Callable[[Any], Any]:
    """A single-valued option, which the environment can give as well: NEWSTAG_<OPTION>."""
    envvar = "NEWSTAG_" + name.removeprefix("--").split("/")[0].replace("-", "_").upper()
    return click.option(name, *short, envvar=envvar, show_envvar=True, **more)


_GLOBAL = {
    "--store": ("./models/store", "The folder of model versions."),
    "--tracking-uri": ("sqlite:///mlflow.db", "Where MLflow keeps runs."),
}


def _globals(command: Any) -> Any:
    """Global options may stand behind the verb as well as before it."""
    for name, (default, text) in reversed(_GLOBAL.items()):
        command = click.option(name, callback=_inherit, help=text, show_default=default)(command)
    return command


def _inherit(context: click.Context, parameter: click.Parameter, value: str | None) -> str:
    given: str = context.find_root().params[str(parameter.name)]
    return given if value is None else value


def _global_settings(command: Any) -> Any:
    for name, (default, text) in reversed(_GLOBAL.items()):
        command = _setting(name, default=default, show_default=True, help=text)(command)
    return command


def _finite(
    _context: click.Context, parameter: click.Parameter, value: float | None
) -> float | None:
    """Click's ranges let "nan" pass, which is neither below nor above a bound."""
    if value is not None and not math.isfinite(value):
        bounds = cast("click.FloatRange", parameter.type)
        fix = f"Give a number between {bounds.min:g} and {bounds.max:g}."
        raise click.BadParameter(f"{value} is not finite. {fix}")
    return value


_PORT = click.IntRange(0, 65535)
_MODEL = _setting(
    "--model",
    default="champion",
    show_default=True,
    help="A version: its id or the beginning of it, champion, latest, a directory "
    "or models:/NAME@ALIAS.",
)
_SEGMENTER = _setting(
    "--segmenter",
    type=click.Choice(["rjieba", "jieba"]),
    default="rjieba",
    show_default=True,
    help="The same words; jieba is the slow reference.",
)


_LEFT_OUT = "left out"
_JOINED = f"joined with our scheme, {_LEFT_OUT} with another"  # as _given does


def _corpus_options(command: Any, starter: str = _JOINED) -> Any:
    for option in (
        _setting(
            "--starter/--no-starter",
            default=None,
            show_default=starter,
            help="Join the starter articles.",
        ),
        _setting("--scheme", help="A scheme.toml of your own instead of ours."),
        click.option("--labels", multiple=True, help="A file of labels by article id; repeatable."),
        click.option(
            "--articles", multiple=True, help="A file of articles, - standard input; repeatable."
        ),
        click.option("--strict", is_flag=True, help="Stop at the first unreadable article."),
    ):
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="newstag")
@_global_settings
def cli(**_: str) -> None:
    """Tag Chinese newsroom posts with one type and their domains.

    Begin with: newstag train
    """


@cli.command()
@_corpus_options
@_setting("--dictionary", help="Words of your own, one a line, beside the shipped ones.")
@_setting("--experiment", default="newstag", show_default=True, help="The MLflow experiment.")
@_setting(
    "--jobs",
    type=click.IntRange(1),
    show_default="all cores",
    help="Processes to validate with.",
)
@_setting(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Of folds and solver.",
)
@click.option("--search", is_flag=True, help="Search for the best recipe first, for minutes.")
@_setting(
    "--precision",
    type=click.FloatRange(0.5, 1, min_open=True, max_open=True),
    callback=_finite,
    help="Let labels pass without review only where this precision can be promised.",
)
@_SEGMENTER
@click.option("--no-track", is_flag=True, help="Do not record the run in MLflow.")
@_globals
def train(experiment: str, jobs: int | None, segmenter: Any, search: bool, **given: Any) -> None:
    """Train a model version, measure it and record it."""
    from contextlib import nullcontext
    from datetime import UTC, datetime
    from time import perf_counter

    dictionary = _dictionary(given["dictionary"], segmenter)
    corpus = _read_corpus(**_only(given, "articles", "labels", "scheme", "starter", "strict"))

    # Behind the reading, so that a wrong path is told at once: scikit-learn takes seconds.
    from training.commit import commit
    from training.recipe import Recipe
    from training.reporting import report_lines
    from training.saving import Making, save
    from training.train import train as fit

    if search and not corpus.given.any():
        fix = "give --articles of your own, or leave --search out"
        click.echo(f"note: the search chooses what suits starter articles; {fix}", err=True)
    recipe = Recipe(**_only(given, "seed", "precision"))
    looking = _progress("searching", "steps") if search else nullcontext()
    start = perf_counter()
    with looking as searching, _progress("validating", "folds") as progress:
        trained = fit(
            corpus, recipe, segmenter, jobs or -1, progress, searching, dictionary=dictionary
        )
    making = Making(seconds=perf_counter() - start, commit=commit())
    version = save(_store(given["store"]), trained, datetime.now(UTC), making)
    _print(["", *report_lines(trained.report), "", *_against(version), f"Saved {version}"])
    if not given["no_track"]:
        from training.tracker import Tracker

        run = Tracker(uri=given["tracking_uri"], experiment=experiment).record(version)
        _print([f"Recorded as run {run} of experiment {experiment}; see: newstag ui"])


@cli.command()
@partial(_corpus_options, starter=_LEFT_OUT)
@_MODEL
@_SEGMENTER
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON object.")
@_globals
def evaluate(model: str, segmenter: Any, as_json: bool, **given: Any) -> None:
    """Compare a version with labels, apart from articles that it was trained on."""
    from models.evidence import read_seen
    from models.version import load_predictor

    folder = _folder(given["store"], model, given["tracking_uri"])
    predictor = load_predictor(folder, segmenter)
    options = _only(given, "articles", "labels", "scheme", "starter", "strict")
    corpus = _evaluated_corpus(options, predictor.model.scheme, folder, quiet=as_json)

    from training.evaluate import evaluate as measure
    from training.evaluate import evaluation_lines

    found = measure(predictor, corpus, read_seen(folder))
    _print([found.as_json()] if as_json else ["", *evaluation_lines(found)])


@cli.command()
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON object.")
@click.option("--log", is_flag=True, help="Keep it as an artefact of B's run in MLflow as well.")
@_globals
def compare(first: str, second: str, as_json: bool, log: bool, **given: str) -> None:
    """Say where version B is better or worse than A, and how much of it is noise.

    Both are judged on the articles that they have in common, by what models said of them that had
    not seen them. A and B are references like --model.
    """
    from training.comparing import compare as measure
    from training.contrast import comparison_lines

    sides = [_folder(given["store"], ref, given["tracking_uri"]) for ref in (first, second)]
    found = measure(*sides)
    _print([found.as_json()] if as_json else comparison_lines(found))
    if log:
        from training.tracker import Tracker

        place = Tracker(uri=given["tracking_uri"]).attach(sides[1], found)
        click.echo(f"note: kept as {place}", err=True)


@cli.command()
@click.argument("inputs", nargs=-1, required=True)
@_setting(
    "--output",
    "-o",
    default="-",
    show_default=True,
    help="A .jsonl, .csv or .parquet file (.jsonl.gz, .csv.gz), - the terminal; "
    "a folder with --watch and --dask.",
)
@_MODEL
@_SEGMENTER
@_setting(
    "--explain",
    type=click.IntRange(0, 100),
    default=0,
    show_default=True,
    help="Words to show that spoke for or against each label; JSONL only.",
)
@_setting(
    "--jobs",
    type=click.IntRange(1),
    show_default="all cores",
    help="Processes to tag with; a small input takes one.",
)
@_setting(
    "--columns",
    metavar="MAP",
    help="Where our names stand in the rows: title=标题,content=正文 or a JSON object.",
)
@_setting(
    "--compare-with",
    metavar="REF",
    help="Say what changes against another version, or against the labels of the input: labels.",
)
@click.option("--only-changed", is_flag=True, help="Put out only what is called otherwise.")
@click.option("--strict", is_flag=True, help="Stop at the first unreadable article.")
@click.option("--resume", is_flag=True, help="Go on where a run was broken off, if one was.")
@click.option("--overwrite", is_flag=True, help="Replace an existing output, or begin anew.")
@click.option(
    "--watch", is_flag=True, help="Tag every file that comes into a folder, until told to end."
)
@_setting(
    "--dask",
    metavar="ADDRESS",
    help="Let the workers of a Dask scheduler do it, tcp://HOST:8786 for instance.",
)
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
@_globals
def tag(inputs: tuple[str, ...], quiet: bool, **given: Any) -> None:
    """Tag the articles of files, folders and patterns; - is standard input.

    JSON, JSONL and CSV, gzipped too, and Parquet. What is done outlives a kill: the same
    command with --resume goes on, and ends with the same output. Records that cannot be tagged
    go to OUTPUT.rejects.jsonl.

    With --watch, INPUTS is one folder and OUTPUT another one: each file that is put into the
    first is tagged once, into NAME.jsonl of the second. Ends with SIGTERM or Ctrl-C.

    With --dask, INPUTS are JSON lines and Parquet that every worker can read, also as s3:// and
    other URLs, and OUTPUT is a folder of parts.
    """
    if given["watch"]:
        _refuse_unwatchable(inputs, given)
        _watch(inputs[0], quiet, given)
        return
    _refuse_misuse(inputs, given)
    from serving.job import Job
    from serving.progress import watched
    from serving.summary import summary_lines

    asked = _only(given, "output", "jobs", "strict", "resume", "overwrite")
    job = Job(inputs=inputs, work=_work(given), **asked)
    run, is_under_way = _way(given["dask"])
    with watched(quiet) as progress:
        complaints = _Complaints(progress.say)
        with _resumable(partial(is_under_way, job), complaints):
            outcome = run(job, complaints, progress)
    counts = outcome.counts
    if counts["rejected"]:
        click.echo(f"unreadable articles left out: {counts['rejected']:,}", err=True)
    if quiet:
        return
    said = "already done: " if outcome.already else ""
    click.echo(f"{said}{counts['tagged']:,} tagged, {counts['review']:,} for review", err=True)
    for line in summary_lines(outcome.summary) if outcome.summary else ():
        click.echo(line, err=True)


@cli.command()
@_setting("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@_setting("--port", type=_PORT, default=8000, show_default=True, help="The port to listen on.")
@_setting(
    "--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes that answer."
)
@_MODEL
@_SEGMENTER
@_setting(
    "--deadline",
    type=click.FloatRange(0.1, 3600),
    default=10.0,
    show_default=True,
    callback=_finite,
    help="Seconds within which a request is answered, or told to come back.",
)
@_setting(
    "--queue",
    type=click.IntRange(1, 1000),
    default=128,
    show_default=True,
    help="Requests that a worker has under way before it tells more to come back.",
)
@_setting(
    "--drain",
    type=click.FloatRange(0, 600),
    default=1.0,
    show_default=True,
    callback=_finite,
    help="Seconds to go on answering after SIGTERM, while /readyz says no.",
)
@click.option(
    "--without-keys", is_flag=True, help="Without API keys, serve other machines all the same."
)
@_globals
def serve(host: str, port: int, workers: int, without_keys: bool, store: str, **given: Any) -> None:
    """Answer POST /v1/predict over HTTP; /docs describes it.

    The champion is followed: a promotion takes effect within seconds; a version of a registry
    is not, but by "newstag models follow" beside it. Once there are API keys (newstag keys add)
    every request needs one; until then only this machine is served.
    """
    import os

    # Of another program, perhaps: the service sets it for its own workers.
    for name in ("PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir"):
        os.environ.pop(name, None)
    from serving.run import run
    from serving.settings import Settings

    model = _fetched(store, given["model"], given["tracking_uri"])
    options = _only(given, "segmenter", "deadline", "queue", "drain")
    settings = Settings(store=_store(store).root, model=model, **options)
    run(settings, host, port, workers, open_to_all=without_keys)


@cli.group()
def models() -> None:
    """List, show and promote model versions, or go back."""


@models.command("list")
@_globals
def list_models(store: str, tracking_uri: str) -> None:
    """List the versions of the store, the oldest first, and what the registry has of them."""
    from models.listing import version_lines
    from training.asking import no_database, shown

    _print(version_lines(_store(store)))
    if no_database(tracking_uri):
        _print([f"registry {tracking_uri}: none yet"])
        return
    from labels.errors import StateError
    from training.standing import standing_lines

    try:
        _print(standing_lines(_sync(store, tracking_uri).standing(), shown(tracking_uri)))
    except StateError as error:  # the store is there all the same
        click.echo(f"note: {error}", err=True)


@models.command()
@click.argument("ref", default="champion")
@_globals
def show(ref: str, store: str, tracking_uri: str) -> None:
    """Show a version: what it was trained on and how well it does."""
    from models.listing import manifest_lines
    from training.reporting import report_from, report_lines

    folder = _folder(store, ref, tracking_uri)
    described = list(manifest_lines(folder))
    report = report_from(folder / "report.json")
    _print([*described, "", *report_lines(report)])


@models.command()
@click.argument("ref")
@click.option("--force", is_flag=True, help="Promote in spite of a refusal; needs --why.")
@click.option("--why", default="", help="The reason, for the ledger.")
@_globals
def promote(ref: str, force: bool, why: str, store: str, tracking_uri: str) -> None:
    """Make a version champion, if nothing shows that it is worse than the one that is.

    Refused: a label or a group shown worse, a group's macro-F1 lower by more than 0.02, another
    scheme, fewer than 20 distinct articles to compare on, or a champion that is damaged. The
    registry's alias champion follows, unless another store has it; with --force even then.
    """
    if force and not why:
        raise click.UsageError("--force needs --why: the ledger keeps the reason.")
    from training.promoting import promote as run
    from training.registry import Registry

    entry = run(_store(store), Registry(uri=tracking_uri), ref, why, force=force)
    verdict = f" ({entry.verdict})" if entry.verdict else ""
    _print([f"{entry.after} is champion, after {entry.before or 'none'}{verdict}"])
    _align(store, tracking_uri, force=force)


@models.command()
@click.option("--why", default="", help="The reason, for the ledger.")
@_globals
def rollback(why: str, store: str, tracking_uri: str) -> None:
    """Make the champion before this one champion again."""
    entry = _store(store).rollback(why)
    _print([f"{entry.after} is champion again, after {entry.before}"])
    _align(store, tracking_uri)


@models.command()
@_setting("--experiment", default="newstag", show_default=True, help="For runs not recorded yet.")
@click.option("--force", is_flag=True, help="Take the alias champion from another store's version.")
@_globals
def sync(experiment: str, force: bool, store: str, tracking_uri: str) -> None:
    """Bring store and MLflow registry to agree, in both directions.

    Versions that are not recorded and registered are; registered ones that the store lacks come
    into it, unless they were pruned; one damaged here is replaced by the registered one, one
    whose registered files are lost is recorded anew. The alias champion follows the store, but
    stays with a version that never was live here; an empty store takes the registry's champion.
    """
    syncing = _sync(store, tracking_uri, experiment)
    for line in syncing.run(force=force):
        _print([line])
    _print(["store and registry agree"])


@models.command()
@click.option(
    "--at",
    metavar="TIME",
    help="Tell which version was live then. ISO 8601: a date and time, or a date, which means its "
    "beginning, 00:00; without an offset in local time of this machine.",
)
@_globals
def history(at: str | None, store: str, **_: str) -> None:
    """Show who made which version champion, when and why; with --at, which one was live then."""
    from models.listing import history_lines, moment_lines

    if at is None:
        _print(history_lines(_store(store)))
        return
    from datetime import UTC, datetime

    from models.moments import read_moment

    try:
        moment = read_moment(at)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="'--at'") from error
    _print(moment_lines(_store(store), moment, datetime.now(UTC)))


@models.command()
@_setting("--keep", type=click.IntRange(1), required=True, help="How many of the newest to keep.")
@_globals
def prune(keep: int, store: str, **_: str) -> None:
    """Remove all versions but the newest, the champion and the champion before it.

    What broken-off training and copying left in the store is removed as well. A version that a
    running service was started with by its id is not spared: promote it first, or keep enough.
    """
    from models.listing import pruning_lines

    _print(pruning_lines(_store(store), keep))


@models.command()
@click.argument("uri")
@_setting(
    "--every",
    type=click.IntRange(1, 86_400),
    default=10,
    show_default=True,
    help="Seconds between two looks.",
)
@click.option("--once", is_flag=True, help="Look once: exit 0, or 1 where that failed.")
@click.option("--force", is_flag=True, help="Promote versions of another scheme as well.")
@_globals
def follow(uri: str, every: int, once: bool, force: bool, **given: str) -> None:
    """Keep the champion where an alias of an MLflow registry points.

    URI is models:/NAME@ALIAS. What the alias names comes into the store verified and becomes
    champion, once: a roll-back or a promotion of yours holds until the alias moves again. What
    fails is told, leaves the champion as it is, and is tried again. Ends with SIGTERM or Ctrl-C.
    """
    if not uri.startswith(_REGISTERED) or "@" not in uri:
        raise click.UsageError(f"'{uri}' is no alias of a registry. Give models:/NAME@ALIAS.")
    stop = None if once else _until_told()  # before mlflow, which takes seconds to import

    from training.following import Follower
    from training.following import follow as run
    from training.registry import Registry

    registry, store = Registry(uri=given["tracking_uri"]), _store(given["store"])
    follower = Follower(registry=registry, reference=uri, store=store, force=force)
    if stop is None:
        _print([follower.look().line()])
        return
    run(follower, every, click.echo, lambda line: click.echo(line, err=True), stop)


@cli.group()
def labels() -> None:
    """Check, count and compare labels."""


@labels.command()
@_corpus_options
def check(**given: Any) -> None:
    """Read everything as training would, and report duplicates."""
    from labels.summary import duplicate_lines

    _print(duplicate_lines(_read_corpus(**given)))


@labels.command()
@_corpus_options
def stats(**given: Any) -> None:
    """Count labels, pairs of labels and lengths."""
    from labels.summary import stats_lines

    _print(stats_lines(_read_corpus(**given, quiet=True)))


@labels.command()
@click.argument("files", nargs=-1)
@_setting("--scheme", help="A scheme.toml of your own instead of ours.")
def agreement(files: tuple[str, ...], scheme: str | None) -> None:
    """Cohen's kappa of two readings; without FILES, of the shipped ones."""
    from labels.shipped import shipped_readings
    from labels.summary import agreement_lines

    _print(agreement_lines(files or shipped_readings(), _scheme(scheme)))


@labels.command("suspects")
@_MODEL
@_setting("--limit", type=click.IntRange(1), help="Show the strongest only.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@_globals
def list_suspects(model: str, limit: int | None, as_json: bool, **given: str) -> None:
    """Rank the labels of a version's training articles that it believes wrong."""
    import json

    from labels.scheme import read_scheme
    from labels.suspects import suspect_lines, suspects, unjudged_lines
    from models.evidence import read_out_of_fold
    from models.manifest import read_manifest
    from models.sums import check_sums

    folder = _folder(given["store"], model, given["tracking_uri"])
    read_manifest(folder)  # says so where the format is another
    check_sums(folder)
    scheme = read_scheme(folder / "scheme.toml")
    held = read_out_of_fold(folder, scheme)
    found, unjudged = suspects(scheme, held.ids, held.labels, held.likely)
    if as_json:
        _print(json.dumps(one.as_json(), ensure_ascii=False) for one in found[:limit])
        for line in unjudged_lines(unjudged):
            click.echo(f"note: {line}", err=True)
        return
    _print([f"{len(found)} suspects among the {len(held.ids)} training articles of {folder.name}"])
    _print(suspect_lines(found[:limit]))
    _print(unjudged_lines(unjudged))


@cli.group()
def keys() -> None:
    """Make, list and revoke the keys that clients of the service send."""


@keys.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(["predict", "metrics", "admin"]),
    help="What the key opens; repeatable. Admin opens metrics as well.",
)
@_globals
def add(name: str, scopes: tuple[str, ...], store: str, **_: str) -> None:
    """Make a key and print its token."""
    token = _key_file(store).add(name, scopes)
    _print([token])
    how = "send it with every request, as: Authorization: Bearer TOKEN"
    click.echo(f"note: this token is shown once and not kept; {how}", err=True)


@keys.command("list")
@_globals
def list_keys(store: str, **_: str) -> None:
    """List the keys of the store, revoked ones too, the oldest first."""
    from serving.listing import key_lines

    _print(key_lines(_key_file(store).keys()))


@keys.command()
@click.argument("name")
@_globals
def revoke(name: str, store: str, **_: str) -> None:
    """Close the service to a key, for good."""
    key = _key_file(store).revoke(name)
    _print([f"{key.name} is revoked"])


@cli.command()
@_setting("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@_setting("--port", type=_PORT, default=5000, show_default=True, help="The port to listen on.")
@_globals
def ui(host: str, port: int, tracking_uri: str, **_: str) -> None:
    """Open the MLflow UI on the recorded runs."""
    from training.ui import run_ui

    run_ui(tracking_uri, host, port, click.echo)


def _store(root: str) -> Store:
    from pathlib import Path

    from models.store import Store

    return Store(Path(root))


def _sync(store: str, tracking_uri: str, experiment: str = "newstag") -> Sync:
    from training.syncing import Sync
    from training.tracker import Tracker

    tracker = Tracker(uri=tracking_uri, experiment=experiment)
    return Sync(store=_store(store), tracker=tracker)


def _align(store: str, tracking_uri: str, force: bool = False) -> None:
    """Let the registry follow; the store is what counts, so that a failure is but a note."""
    from labels.errors import StateError
    from training.asking import no_database

    if no_database(tracking_uri):
        return
    try:
        _print(_sync(store, tracking_uri).align(force=force))
    except StateError as error:
        click.echo(f"note: the registry does not follow yet. {error}", err=True)


def _against(version: Path) -> list[str]:
    """What a new version says of the champion that it was compared with."""
    from training.comparison import COMPARISON, read_comparison

    if not (version / COMPARISON).exists():
        return []
    found = read_comparison(version / COMPARISON)
    return [f"Against the champion {found.first}: {found.verdict}"]


def _key_file(store: str) -> KeyFile:
    from pathlib import Path

    from serving.keys import NAME, KeyFile

    return KeyFile(Path(store) / NAME)


def _folder(store: str, ref: str, tracking_uri: str) -> Path:
    """The directory of a version; only a reference into a registry needs MLflow."""
    if not ref.startswith(_REGISTERED):
        return _store(store).resolve(ref)
    from training.registry import Registry

    return Registry(uri=tracking_uri).resolve(ref, _store(store))


def _fetched(store: str, ref: str, tracking_uri: str) -> str:
    """A reference that the store understands; MLflow's 170 MB stay in a process of their own."""
    if not ref.startswith(_REGISTERED):
        return ref
    import signal
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import active_children, get_context

    def end(*_: object) -> None:
        """It would live on, and hold what this process prints to."""
        for child in active_children():
            child.kill()
        sys.exit(143)

    before = signal.signal(signal.SIGTERM, end)
    try:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
            return apart.submit(_folder, store, ref, tracking_uri).result().name
    finally:
        signal.signal(signal.SIGTERM, before)


def _until_told() -> Event:
    """Set by the first SIGTERM or Ctrl-C; a later one ends the process at once.

    What comes within a second of the first is taken for the same: some who tell a process tell its
    group as well.
    A thread waits for them: a handler that sets the event would wait for ever for its lock where
    it interrupts who holds it.
    """
    import os
    import signal
    from threading import Event, Thread
    from time import monotonic

    told, both = Event(), {signal.SIGTERM, signal.SIGINT}

    def listen() -> None:
        signal.sigwait(both)
        first = monotonic()
        told.set()
        while True:
            number = signal.sigwait(both)
            if monotonic() - first > _SAME:
                os._exit(128 + number)

    def pass_on(number: int, _: object) -> None:
        """To the thread, where joblib has let signals through to this one by starting processes."""
        signal.pthread_sigmask(signal.SIG_BLOCK, both)
        os.kill(os.getpid(), number)

    signal.pthread_sigmask(signal.SIG_BLOCK, both)
    for number in both:
        signal.signal(number, pass_on)
    Thread(target=listen, daemon=True).start()
    return told


def _refuse_misuse(inputs: tuple[str, ...], given: dict[str, Any]) -> None:
    """Options of "newstag tag" that do not go together."""
    if given["resume"] and "-" in inputs:
        raise click.UsageError("--resume cannot read standard input a second time. Give a file.")
    if given["resume"] and given["overwrite"]:
        raise click.UsageError("--resume goes on and --overwrite begins anew. Give one of them.")
    for option in ("resume", "compare_with"):
        if given[option] and given["output"] == "-":
            name = "--" + option.replace("_", "-")
            raise click.UsageError(f"{name} needs a file to write. Give one with -o.")
    if given["only_changed"] and not given["compare_with"]:
        raise click.UsageError("--only-changed needs --compare-with: changed against what?")
    if given["dask"] and given["output"] == "-":
        raise click.UsageError("--dask needs a folder for the parts. Give one with -o.")
    if given["dask"] and given["jobs"]:
        raise click.UsageError("--jobs is for this machine, --dask for others. Give one of them.")


def _refuse_unwatchable(inputs: tuple[str, ...], given: dict[str, Any]) -> None:
    """What does not go with "newstag tag --watch"."""
    if given["output"] == "-":
        raise click.UsageError("--watch needs a folder for the results. Give one with -o.")
    if "-" in inputs:
        raise click.UsageError("--watch cannot watch standard input. Give a folder.")
    if len(inputs) > 1:
        raise click.UsageError("--watch watches one folder. Start it once for each.")
    for option in ("resume", "overwrite", "strict", "compare_with", "only_changed", "dask"):
        if given.get(option):
            name = "--" + option.replace("_", "-")
            raise click.UsageError(f"{name} does not go with --watch. Leave it out.")


def _watch(folder: str, quiet: bool, given: dict[str, Any]) -> None:
    """Tag what comes into a folder, with the version that --model names at the time.

    A reference into a registry is resolved once: "newstag models follow" is for more.
    """
    stop = _until_told()  # before libraries that have threads

    from pathlib import Path

    from serving.current import Current
    from serving.ears import Ears
    from serving.inbox import watch
    from serving.job import Job

    def worry(line: str) -> None:
        click.echo(line, err=True)

    def hear(line: str) -> None:
        if not quiet:
            worry(line)

    def named() -> str:
        """Where a link points now: it may point elsewhere while a file is tagged."""
        moves = not given["model"].startswith(_REGISTERED)
        found = _store(given["store"]).resolve(given["model"]) if moves else work.model
        return str(Path(found).resolve())

    work = _work(given)
    work = replace(work, rows="jsonl", model=str(Path(work.model).resolve()))
    job = Job(inputs=[folder], work=work, jobs=given["jobs"])
    ears = Ears(hear=hear, worry=worry)
    watch(Path(folder), Path(given["output"]), Current(job, named, ears.complain), ears, stop)


def _work(given: dict[str, Any]) -> Work:
    """What "newstag tag" does to every article, as its options say."""
    from labels.columns import read_columns
    from models.manifest import read_manifest
    from models.sums import check_sums
    from serving.packing import kind_of, rows_for
    from serving.work import LABELS, Work

    def folder(ref: str) -> str:
        fetched = _fetched(given["store"], ref, given["tracking_uri"])
        found = _store(given["store"]).resolve(fetched)
        read_manifest(found)  # says so where it is none, or of another format
        check_sums(found)
        return str(found.resolve())

    against = given["compare_with"] or ""
    work = Work(
        model=folder(given["model"]),
        segmenter=given["segmenter"],
        rows=rows_for(kind_of(given["output"])) or "jsonl",
        explain=given["explain"],
        against=against if against in {"", LABELS} else folder(against),
        only_changed=given["only_changed"],
    )
    groups = [group.id for group in work.scheme().groups]
    if against not in {"", LABELS}:
        _refuse_strangers(groups, replace(work, model=work.against))
    columns = read_columns(given["columns"], groups) if given["columns"] else {}
    return replace(work, columns=tuple(columns.items()))


def _refuse_strangers(groups: list[str], other: Work) -> None:
    from labels.errors import InputError

    theirs = [group.id for group in other.scheme().groups]
    if not set(groups) & set(theirs):
        fix = f"Compare versions that both have one of: {', '.join(groups)}"
        raise InputError("--compare-with", f"its groups are {', '.join(theirs)}", fix)


def _way(dask: str | None) -> tuple[Callable[..., Outcome], Callable[[Job], bool]]:
    """How a job is run, on this machine or by a cluster, and whether it can be gone on with."""
    if dask:
        from serving import on_cluster

        return partial(on_cluster.tag, address=dask), on_cluster.is_under_way
    from serving.batch import tag as run
    from serving.job import Job

    return run, Job.is_under_way


@contextmanager
def _resumable(is_under_way: Callable[[], bool], complaints: _Complaints) -> Iterator[None]:
    """Say that a run which ends before its time can be gone on with; SIGTERM ends it in order."""
    import signal

    from labels.errors import InputError, UnreadableError
    from serving.resuming import RefusedError

    # Wrong input is mended first, which makes another job of it.
    final = (InputError, RefusedError)
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        yield
    except BaseException as error:
        complaints.sum_up()
        goes_on = isinstance(error, UnreadableError) or not isinstance(error, final)
        if goes_on and is_under_way():
            complaints.say("note: what is done is kept; go on with --resume")
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _scheme(path: str | None) -> Any:
    from pathlib import Path

    from labels.scheme import read_scheme, shipped_scheme

    return read_scheme(Path(path)) if path else shipped_scheme()


def _dictionary(path: str | None, segmenter: Any) -> str | None:
    """The dictionary of a version that is trained, with what was found in the file told."""
    if path is None:
        return None
    from labels.dictionary import read_dictionary
    from models.dictionary import dictionary_with, gained_line

    words = read_dictionary(path, lambda notice: click.echo(f"note: {notice}", err=True))
    click.echo(gained_line(words, segmenter))
    return dictionary_with(words)


def _given(
    articles: tuple[str, ...], labels: tuple[str, ...], scheme: str | None, starter: bool | None
) -> Given:
    from labels.joining import Given

    if scheme and starter:
        raise click.UsageError("--starter goes with our scheme: its labels are not in yours.")
    own = scheme is not None
    joins = not own if starter is None else starter
    return Given(
        scheme=_scheme(scheme), articles=articles, labels=labels, starter=joins, gold=not own
    )


def _evaluated_corpus(given: dict[str, Any], scheme: Any, folder: Any, quiet: bool) -> Corpus:
    """Labelled articles under the version's own scheme; the starter's only where asked for."""
    from labels.errors import InputError
    from labels.scheme import shipped_scheme

    if given["scheme"] is None and scheme.digest() != shipped_scheme().digest():
        given["scheme"] = str(folder / "scheme.toml")
    given["starter"] = bool(given["starter"])
    corpus = _read_corpus(**given, quiet=quiet)
    if corpus.scheme.digest() != scheme.digest():
        fix = "Leave --scheme out: the version has its own"
        raise InputError(given["scheme"] or "scheme", "not the scheme of the version", fix)
    return corpus


def _read_corpus(*, strict: bool, quiet: bool = False, **given: Any) -> Corpus:
    """The corpus that the options describe, with what was left out told on stderr."""
    from labels.errors import InputError
    from labels.joining import read_corpus
    from labels.rows import raise_it
    from labels.summary import used_lines

    complaints = _Complaints()
    notices: list[str] = []
    corpus = read_corpus(_given(**given), raise_it if strict else complaints, notices.append)
    complaints.sum_up()
    for notice in notices[:_SHOWN]:
        click.echo(f"note: {notice}", err=True)
    if len(notices) > _SHOWN:
        click.echo(f"note: and {len(notices) - _SHOWN} more like these", err=True)
    if not len(corpus):
        fix = "Give --articles with labels, in their rows or with --labels"
        raise InputError("articles", "none of them is labelled", fix)
    if not quiet:
        _print(used_lines(corpus))
    return corpus


class _Complaints:
    """Unreadable rows: the first few are shown, all are counted; files that broke off always."""

    def __init__(self, say: Callable[[str], None] | None = None) -> None:
        self.count = 0
        self.say = say or partial(click.echo, err=True)

    def __call__(self, error: InputError) -> None:
        self.count += 1
        if self.count <= _SHOWN or error.what.endswith("what follows was not read"):
            self.say(str(error))

    def sum_up(self) -> None:
        if self.count:
            self.say(f"unreadable articles left out: {self.count:,}")


def _only(given: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: given[name] for name in names}


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


@contextmanager
def _progress(verb: str, unit: str, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, a line at every doubling or tenth elsewhere, nothing when quiet."""
    if quiet:
        yield lambda _done, _of: None
    elif sys.stderr.isatty():
        from tqdm import tqdm

        with tqdm(desc=verb, unit=f" {unit}", file=sys.stderr, leave=False) as bar:

            def advance(done: int, of: int) -> None:
                bar.total = of or None
                bar.update(done - bar.n)

            yield advance
    else:
        yield _lines(verb, unit)


def _lines(verb: str, unit: str) -> Callable[[int, int], None]:
    """Plain lines: at every tenth of a known number, else at 1000, 2000, 4000…"""
    state = {"next": 0.0}

    def advance(done: int, of: int) -> None:
        if not state["next"]:
            state["next"] = of / 10 if of else 1000
        if done >= state["next"]:
            click.echo(f"{verb}: {done}{f' of {of}' if of else ''} {unit}", err=True)
            state["next"] = state["next"] + of / 10 if of else state["next"] * 2

    return advance


if __name__ == "__main__":
    main()
