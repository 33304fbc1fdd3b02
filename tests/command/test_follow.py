"""The champion of a registry, by the verb that follows it and by --model."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

Newstag = Callable[..., CompletedProcess[str]]
CHAMPION = "models:/newstag@champion"
MISSING = "models:/newstag@fresh"


@dataclass(frozen=True)
class Server:
    """A registry whose champion is the trained version, and a store that is empty yet."""

    uri: str
    store: Path
    version: str

    @property
    def options(self) -> tuple[str, ...]:
        return ("--store", str(self.store), "--tracking-uri", self.uri)


@pytest.fixture(scope="module")
def database(
    trained: Path,
    tmp_path_factory: pytest.TempPathFactory,
    fresh_database: Callable[[Path], str],
) -> Iterator[str]:
    from mlflow import MlflowClient

    folder = tmp_path_factory.mktemp("tracking")
    name = (trained / "champion").read_text("ascii").strip()
    shutil.copytree(trained / name, folder / "model" / "artifacts" / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        uri = fresh_database(folder)
        client: Any = MlflowClient(tracking_uri=uri, registry_uri=uri)
        client.create_registered_model("newstag")
        number = client.create_model_version("newstag", (folder / "model").as_uri()).version
        client.set_registered_model_alias("newstag", "champion", number)
        yield uri


@pytest.fixture
def server(database: str, trained: Path, tmp_path: Path) -> Server:
    version = (trained / "champion").read_text("ascii").strip()
    return Server(database, tmp_path / "own", version)


def test_looking_once_brings_the_champion_and_says_so(newstag: Newstag, server: Server) -> None:
    done = newstag("models", "follow", CHAMPION, "--once", *server.options)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{server.version} is champion, after none\n"
    done = newstag("models", "follow", CHAMPION, "--once", *server.options)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"nothing new: {server.version} is champion\n"
    history = newstag("models", "history", *server.options).stdout
    assert history.endswith(f"none -> {server.version}: {CHAMPION} is version 1\n")


def test_looking_once_in_vain_exits_1(newstag: Newstag, server: Server) -> None:
    done = newstag("models", "follow", MISSING, "--once", *server.options)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"{MISSING}: no alias 'fresh' of the model 'newstag' in {server.uri}. Set it in the "
        "MLflow UI, or with MlflowClient().set_registered_model_alias('newstag', 'fresh', "
        "VERSION).\n"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "Error: Missing argument 'URI'."),
        (
            ["newstag@champion"],
            "Error: 'newstag@champion' is no alias of a registry. Give models:/NAME@ALIAS.",
        ),
        (
            ["models:/newstag/3"],
            "Error: 'models:/newstag/3' is no alias of a registry. Give models:/NAME@ALIAS.",
        ),
        (
            [CHAMPION, "--every", "0"],
            (
                "Error: Invalid value for '--every' (env var: 'NEWSTAG_EVERY'): 0 is not in the "
                "range 1<=x<=86400."
            ),
        ),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_told_with_exit_code_2(
    newstag: Newstag, words: list[str], message: str
) -> None:
    done = newstag("models", "follow", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == message


FOLLOWING = """
import sys, newstag
sys.argv = ["newstag", "models", "follow", *sys.argv[1:]]
newstag.main()
print(sorted({"matplotlib", "sklearn"} & set(sys.modules)))
"""


def test_following_goes_on_until_a_signal_ends_it_and_loads_nothing_that_trains_or_draws(
    server: Server,
) -> None:
    words = (sys.executable, "-c", FOLLOWING, CHAMPION, "--every", "3600")
    registry = ("--tracking-uri", server.uri)
    with ExitStack() as both:  # at once, for most of their time goes by in imports
        processes = {
            number: both.enter_context(
                subprocess.Popen(
                    [*words, *registry, "--store", server.store / number.name],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                )
            )
            for number in (signal.SIGTERM, signal.SIGINT)
        }
        said = {}
        for number, process in processes.items():
            assert process.stdout is not None
            first = process.stdout.readline()
            process.send_signal(number)
            said[number] = first + process.stdout.read()
    expected = f"{server.version} is champion, after none\n[]\n"
    assert said == dict.fromkeys(processes, expected)
    assert [process.returncode for process in processes.values()] == [0, 0]


def test_tag_takes_the_model_from_the_registry(
    newstag: Newstag, server: Server, articles: Path
) -> None:
    done = newstag("tag", articles, "--model", CHAMPION, "--quiet", *server.options)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr, len(lines)) == (0, "", 24)
    assert {line["model"] for line in lines} == {server.version}


@pytest.mark.parametrize(
    "words",
    [
        ("models", "show", CHAMPION),
        ("labels", "suspects", "--model", CHAMPION),
        ("labels", "suspects", "--model", "models:/newstag/1"),
    ],
    ids=" ".join,
)
def test_other_verbs_take_it_too(newstag: Newstag, server: Server, words: tuple[str, ...]) -> None:
    done = newstag(*words, *server.options)
    assert (done.returncode, done.stderr) == (0, "")
    assert server.version in done.stdout.splitlines()[0]


def test_evaluate_takes_it_too(newstag: Newstag, server: Server, articles: Path) -> None:
    given = ("--articles", articles, "--model", CHAMPION, "--json")
    done = newstag("evaluate", *given, *server.options)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["model"] == server.version


def test_promoting_a_reference_keeps_it_as_the_reason(
    newstag: Newstag, server: Server, version: Path, articles: Path
) -> None:
    given = ("--articles", articles, "--no-starter", "--no-track", "--jobs", "1")
    other = newstag("train", *given, "--store", server.store).stdout.split("/")[-1].strip()
    done = newstag("models", "promote", CHAMPION, *server.options)
    line = f"{version.name} is champion, after {other} (no difference: all 24 common articles get"
    assert done.stdout.startswith(line)
    # It was registered by hand, and does not say which version it holds.
    assert done.stderr == (
        f"note: the registry does not follow yet. {version.name}: not among the registered "
        "versions. Use: newstag models sync.\n"
    )
    history = newstag("models", "history", *server.options).stdout
    assert f"promote  {other} -> {version.name}: {CHAMPION} (no difference" in history


def test_promoting_a_reference_into_an_empty_store_is_done_at_once(
    newstag: Newstag, server: Server
) -> None:
    done = newstag("models", "promote", CHAMPION, *server.options)
    assert done.returncode == 0
    assert done.stdout == f"{server.version} is champion, after none\n"
    again = newstag("models", "promote", CHAMPION, *server.options)
    assert again.returncode == 1
    assert again.stderr == f"{server.version}: champion already. Nothing is to be done.\n"


def test_a_signal_is_heard_whatever_it_interrupts() -> None:
    """As where it comes just when the wait for it begins, which holds the lock of the event."""
    code = (
        "import os, signal, newstag\n"
        "told = newstag._until_told()\n"
        "with told._cond: os.kill(os.getpid(), signal.SIGTERM)\n"
        "print(told.wait(10))\n"
    )
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=20)
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_a_model_by_any_other_name_needs_no_mlflow(
    command: Newstag, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    done = command("models", "show", "latest", "--store", trained)
    assert done.returncode == 0
    assert "models.store" in done.stderr
    assert "mlflow" not in done.stderr
