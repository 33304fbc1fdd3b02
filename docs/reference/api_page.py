"""The page of the HTTP API, from OpenAPI and the table of problems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from docs.reference.answers import ANSWERS
from docs.reference.codes import codes, codes_of
from docs.reference.markdown import block, code, json_block, link, paragraphs, prose, table
from docs.reference.schema import Field, fields, phrase
from serving.access import _SCOPES, OPEN
from serving.problems import MEDIA_TYPE, described

_HEAD = """
# The HTTP API

What `newstag serve` answers: routes, parameters, bodies, answers and problems. It is made from the
code, from the same description that a running service gives at `/openapi.json` and shows at
`/docs`: `python -m docs.reference.make` writes it, and a test fails where it does not fit. How the
service is run, and how it behaves, is in [service.md](../service.md); so are its pages for people,
`/` and `/model`, which are no part of the API. What a prediction says is in
[prediction.md](prediction.md).
"""
_RULES = """
**Keys.** Once the store has a file of API keys, every route with a scope in the table needs
`Authorization: Bearer KEY`, with a key of that scope ([access](../service.md#access)). Without, it
answers 401 or 403. Until then this machine alone is served, without keys.

**Names.** GROUP and LABEL stand for the ids of groups and labels of the
[scheme](../../labels/scheme.toml); with ours a group is `type` (exclusive: one object) or `domains`
(multi: a list of them). `always`: the field is needed in what you send, and is never missing in
an answer.

**Headers** of every answer: `X-Request-ID` (yours, where it is at most 128 letters, digits and
`._:/+=@-`; made otherwise), `X-Content-Type-Options: nosniff`, `Cache-Control: no-store`,
`Referrer-Policy: no-referrer`, `Content-Security-Policy`. Those of one status stand with it.
"""
_PROBLEMS = "Problems"
_UNSAID = "Successful Response"  # what FastAPI says where nothing is said
_METHOD = {"get": "GET", "post": "POST", "put": "PUT", "delete": "DELETE"}


def api_page(openapi: Mapping[str, Any]) -> str:
    """The whole page, as Markdown."""
    routes = [
        (f"{_METHOD[method]} {path}", path, route)
        for path, methods in openapi["paths"].items()
        for method, route in methods.items()
    ]
    overview = (
        (link(name, code(name)), route["summary"], _key(path)) for name, path, route in routes
    )
    lines = [*paragraphs(_HEAD), *table(["route", "", "key"], overview), *paragraphs(_RULES)]
    for name, path, route in routes:
        lines += [f"## {name}", "", *_route(path, route)]
    return "\n".join([*lines, *_problems()])


def _key(path: str) -> str:
    return "none" if path in OPEN else code(_SCOPES.get(path, "predict"))


def _route(path: str, route: Mapping[str, Any]) -> Iterator[str]:
    yield from (prose(route["description"]), "")
    yield from table(["parameter", "value", "default", ""], map(_parameter, _of(route)))
    if "requestBody" in route:
        yield from _body(route["requestBody"])
    answers = route["responses"]
    yield from _answer(path, answers["200"])
    yield from (f"**Other statuses**, as {link(_PROBLEMS, 'problems')}:", "")
    others = ((status, one) for status, one in answers.items() if status != "200")
    yield from table(["status", "", "code", "headers"], (_other(path, *one) for one in others))


def _other(path: str, status: str, answer: Mapping[str, Any]) -> tuple[str, str, str, str]:
    told, headers = codes_of(path, status), answer.get("headers", ())
    return status, answer["description"], ", ".join(map(code, told)), ", ".join(map(code, headers))


def _of(route: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(route.get("parameters", ()))


def _parameter(one: Mapping[str, Any]) -> tuple[str, str, str, str]:
    schema = one["schema"]
    name = f"?{one['name']}=" if one["in"] == "query" else one["name"]
    default = code(str(schema["default"])) if "default" in schema else ""
    return code(name), phrase(schema).replace('"', ""), default, prose(one["description"])


def _body(body: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"**Body.** {prose(body['description'])}.", "")
    for media, content in body["content"].items():
        yield from _content(media, content)


def _answer(path: str, answer: Mapping[str, Any]) -> Iterator[str]:
    text = prose(answer["description"])
    said = "" if text == _UNSAID else f" {text}."
    yield from (f"**Answer** (200).{said}", "")
    for media, content in answer["content"].items():
        known = ANSWERS.get(path) if not content["schema"] else None
        yield from _content(media, {**content, **known} if known else content)


def _content(media: str, content: Mapping[str, Any]) -> Iterator[str]:
    """A body or answer of one media type: its fields and its examples."""
    schema = content["schema"]
    forms = schema.get("oneOf", [])
    if forms and all("title" in form for form in forms) and len({f["title"] for f in forms}) > 1:
        yield from (f"{code(media)}, one of these forms:", "")
        for form in forms:
            yield from table(_FIELDS, _rows(fields(form)))
    else:
        text = prose(schema.get("description", ""))
        yield from (f"{code(media)}: {phrase(schema)}.{f' {text}.' if text else ''}", "")
        yield from table(_FIELDS, _rows(fields(schema)))
    yield from _examples(media, content)


_FIELDS = ["field", "holds", "there", ""]


def _rows(found: Mapping[str, Field]) -> Iterator[tuple[str, str, str, str]]:
    for path, one in found.items():
        yield code(path), one.kind, "always" if one.needed else "", one.text


def _examples(media: str, content: Mapping[str, Any]) -> Iterator[str]:
    named = {name: one["value"] for name, one in content.get("examples", {}).items()}
    given = {"": content["example"]} if "example" in content else named
    for name, value in given.items():
        yield from ((f"Example{f', {name}' if name else ''}:"), "")
        if isinstance(value, str):
            yield from block("csv" if media == "text/csv" else "text", value)
        else:
            yield from json_block(value)


def _problems() -> Iterator[str]:
    answer = described(422)[422]["content"][MEDIA_TYPE]
    yield from (f"## {_PROBLEMS}", "")
    yield (
        f"Everything that is not 200 is {code(MEDIA_TYPE)}, as RFC 9457 has it: `code` is for "
        "programs, `fix` for people. No answer repeats a word of an article. What is not HTTP at "
        "all gets a plain 400 of the server."
    )
    yield from ("", *table(_FIELDS, _rows(fields(answer["schema"]))))
    yield from json_block(
        {
            "type": "about:blank",
            "title": "Unprocessable Content",
            "status": 422,
            "code": "not_an_article",
            "fix": "Mend what errors names; /openapi.json has the schema",
            "errors": [{"pointer": "/1/content", "detail": "Field required"}],
        }
    )
    yield from table(
        ["status", "code", "when", "`fix`"],
        ((str(one.status), code(one.code), one.when, one.fix) for one in codes()),
    )
    yield (
        "With 401 comes `WWW-Authenticate`, with 503 `Retry-After` in seconds; with 408, 413 and "
        "`two_lengths` the connection is closed."
    )
    yield ""
