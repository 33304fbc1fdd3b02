"""The reference pages say what the code says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import click
import pytest
from starlette.testclient import TestClient

from docs.reference import make
from docs.reference.answers import ANSWERS
from docs.reference.codes import REFUSED_BODIES, codes
from docs.reference.markdown import anchor, table
from docs.reference.schema import fields, phrase
from models.predictor import _warnings
from models.text import Text
from newstag import cli
from serving.app import create_app
from serving.settings import Settings
from tests.docs.small import small_store

ROOT = Path(__file__).parents[2]
PAGES = dict(make.pages())
REFUSAL = re.compile(r'RefusedBody\(\s*(?:HTTPStatus\.(\w+)|\d+),\s*"(\w+)"')


@pytest.fixture(scope="module")  # ended here: it looks for other versions as long as it runs
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of a service."""
    with TestClient(create_app(Settings(store=small_store(tmp_path_factory)))) as started:
        yield started


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_reference_is_what_the_code_makes(name: str) -> None:
    written = (make.FOLDER / name).read_text("utf-8")
    assert written == PAGES[name], f"docs/reference/{name}: run python -m docs.reference.make"


def test_what_is_written_is_what_is_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make, "FOLDER", tmp_path)
    make.main()
    assert {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()} == PAGES


def every_verb(context: click.Context) -> Iterator[click.Context]:
    yield context
    if isinstance(context.command, click.Group):
        for name, inner in context.command.commands.items():
            yield from every_verb(click.Context(inner, info_name=name, parent=context))


def test_every_verb_has_a_section_with_each_of_its_options() -> None:
    sections = re.split(r"^##+ ", PAGES["cli.md"], flags=re.MULTILINE)
    by_heading = {section.split("\n")[0]: section for section in sections}
    for verb in every_verb(click.Context(cli, info_name="newstag", **cli.context_settings)):
        if isinstance(verb.command, click.Group):
            continue
        section = by_heading[verb.command_path]
        for parameter in verb.command.params:
            shown = [*parameter.opts, *parameter.secondary_opts]
            if isinstance(parameter, click.Argument):
                shown = [parameter.human_readable_name]
            assert [name for name in shown if f"`{name}`" not in section] == []


def test_every_route_has_a_section_with_each_of_its_statuses() -> None:
    openapi = create_app(Settings()).app.openapi()
    sections = {text.split("\n")[0]: text for text in PAGES["api.md"].split("\n## ")}
    for path, methods in openapi["paths"].items():
        for method, route in methods.items():
            section = sections[f"{method.upper()} {path}"]
            assert "**Answer** (200)." in section
            for status in set(route["responses"]) - {"200"}:
                assert f"\n| {status} | " in section


def test_every_status_of_a_route_has_a_code() -> None:
    rows = re.findall(r"^\| \d{3} \| [A-Z][\w ]* \| (.*?) \|", PAGES["api.md"], flags=re.MULTILINE)
    assert len(rows) > 30
    assert all(rows)


def test_every_code_that_refuses_a_body_is_told() -> None:
    found = {}
    for path in (ROOT / "serving").glob("*.py"):
        for status, code in REFUSAL.findall(path.read_text("utf-8")):
            found[code] = int(HTTPStatus[status])
    assert found == REFUSED_BODIES


def test_no_code_is_told_twice() -> None:
    told = [one.code for one in codes()]
    assert len(told) == len(set(told)) > 15


def paths_in(value: object, path: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield f"{path}{name}"
            yield from paths_in(inner, f"{path}{name}.")
    elif isinstance(value, list):
        for inner in value:
            yield from paths_in(inner, f"{path.removesuffix('.')}[].")


@pytest.mark.parametrize("path", ANSWERS)
def test_an_answer_that_openapi_leaves_open_has_the_fields_that_are_told(
    client: TestClient, path: str
) -> None:
    schema = ANSWERS[path]["schema"]
    told = set(fields(schema))
    # Maps by name are told as a whole.
    maps = [name for name, one in fields(schema).items() if one.kind == "object"]
    answered = set(paths_in(client.get(path).json()))
    held = {one for one in answered if not any(one.startswith(f"{name}.") for name in maps)}
    assert held == told


def test_the_reasons_of_the_page_are_those_that_are_given() -> None:
    page = (make.FOLDER / "prediction.md").read_text("utf-8")
    told = set(re.findall(r"^\| `([\w:]+)` \|", page, flags=re.MULTILINE))
    decided = re.findall(r'f"(\w+:\{[^"]+)"', (ROOT / "models" / "decision.py").read_text("utf-8"))
    named = {"{group.id}": "GROUP", "{group.ids[at]}": "LABEL", "{label}": "LABEL"}
    found = {re.sub(r"\{[^}]+\}", lambda name: named[str(name[0])], one) for one in decided}
    short = Text(cut="\0", title="", content="", truncated=True)
    strange = Text(cut="\0", title="", content="字" * 40)
    assert told == found | {*_warnings(short, 0, 0), *_warnings(strange, 0, 40)}


def test_the_headers_of_every_answer_are_told(client: TestClient) -> None:
    told = PAGES["api.md"].partition("**Headers** of every answer")[2].partition("\n")[0]
    for path in ("/healthz", "/v1/model", "/gone"):
        sent = set(client.get(path).headers) - {"content-length", "content-type"}
        assert sent == {name.lower() for name in re.findall(r"`([A-Z][\w-]+)[`:]", told)}


def test_a_schema_is_told_in_words() -> None:
    text = {"type": "string", "minLength": 1, "maxLength": 1500}
    whole = {"type": "integer", "minimum": 0, "maximum": 100}
    told = {
        "string of 1 to 1,500 characters or null": {"anyOf": [text, {"type": "null"}]},
        "integer, 0 to 100": whole,
        "array of 2 integers, 0 to 100": {
            "type": "array",
            "minItems": 2,
            "maxItems": 2,
            "items": whole,
        },
        "array of (integer, 0 to 100, anything)": {"type": "array", "prefixItems": [whole, {}]},
        "anything but array": {"not": {"type": "array"}},
        '`"a"` or `"b"`': {"enum": ["a", "b"]},
    }
    assert [phrase(schema) for schema in told.values()] == list(told)


def test_fields_of_objects_in_arrays_and_of_alternatives_are_told_by_their_paths() -> None:
    one: dict[str, Any] = {
        "type": "object",
        "required": ["a"],
        "properties": {"a": {"type": "string"}, "b": False},
    }
    both = {"oneOf": [one, {"type": "array", "items": one}]}
    found = fields({"type": "object", "properties": {"x": both}, "additionalProperties": one})
    assert {path: field.needed for path, field in found.items()} == {
        "x": False,
        "x.a": True,
        "GROUP": False,
        "GROUP.a": True,
    }


def test_a_bar_in_a_cell_does_not_end_it() -> None:
    assert list(table(["a"], [["b|c\nd"]])) == ["| a |", "|---|", "| b\\|c d |", ""]


def test_a_heading_is_linked_as_github_names_it() -> None:
    assert anchor("POST /v1/predict") == "post-v1predict"
    assert anchor("newstag models list") == "newstag-models-list"
