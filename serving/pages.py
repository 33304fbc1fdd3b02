"""Pages: the routes for people, who see labels, their reasons and the version that gave them."""

from __future__ import annotations

import asyncio
from functools import cache
from http import HTTPStatus
from time import perf_counter
from typing import NamedTuple

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from labels.article import Article
from labels.scheme import shipped_scheme
from models.prediction import Prediction
from models.text import LONGEST
from serving.because import MARKED, because
from serving.body import read_body
from serving.examples import examples
from serving.exchange import OTHER, Exchange
from serving.explaining import Explaining
from serving.form import MEDIA_TYPE, Asked, parse_form
from serving.language import Language, choose
from serving.live import Loaded
from serving.portrait import figures_of, reads_pieces
from serving.problems import Problem, Refused
from serving.rendering import PAGES, Asset, Page, compiled, render
from serving.service import Service
from serving.view import groups_of, reasons_of

_LONGEST = f"{LONGEST:,}"
_BASIC = {"WWW-Authenticate": 'Basic realm="newstag", charset="UTF-8"'}
_KEPT = ("retry-after", "connection", "allow")


class Tagged(NamedTuple):
    """A post with what it was called, and the version that called it so."""

    loaded: Loaded
    article: Article
    prediction: Prediction


class Pages:
    """The routes for people."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._explaining = Explaining(service.settings)

    async def tag(self, request: Request) -> Response:
        """What a pasted post or a picked example is called, and why; else the form alone."""
        await _warmed()
        if request.method == "POST":
            given = request.scope["sent"].get(b"content-type", b"")
            if given.split(b";")[0].strip().lower() != MEDIA_TYPE.encode():
                raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
            return await self._answer(request, None)
        name = request.query_params.get("example")
        if not name:
            return Page(self._form(request, Asked()), language_of(request))
        article = examples().get(name)
        if article is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return await self._answer(request, Asked(title=article.title, content=article.content))

    async def model(self, request: Request) -> Response:
        """The live version, explained to an editor."""
        language, loaded = language_of(request), self._service.live.current()
        self._service.capacity.check()
        try:
            async with asyncio.timeout(request.scope["exchange"].deadline - perf_counter()):
                return Page(await self._explaining.page(loaded, language), language)
        except TimeoutError:
            raise Refused("too_late") from None

    async def asset(self, request: Request) -> Response:
        """A file that pages load."""
        return Asset(request.scope["path"], request.query_params.get("v"))

    async def _answer(self, request: Request, asked: Asked | None) -> Response:
        """Tag what was asked for, or else what the body says, when it is its turn."""
        capacity, exchange = self._service.capacity, request.scope["exchange"]
        capacity.check()
        try:
            body = await read_body(request, exchange, capacity)
            capacity.enter(exchange)
            await capacity.turn(exchange)
            with capacity:
                found = asked or parse_form(body)
                tagged = None if found.is_empty() else self._tagged(found, exchange)
            await capacity.turn(exchange)  # others may go first: both parts can take a tenth
            with capacity:
                text = self._form(request, found, tagged, empty=tagged is None)
                page = Page(text, language_of(request))
                capacity.hold(len(page.body), exchange)
                return page
        finally:
            capacity.leave(exchange)

    def _tagged(self, asked: Asked, exchange: Exchange) -> Tagged:
        loaded, article = self._service.live.current(), asked.as_article()
        [prediction] = loaded.predictor.predict([article], MARKED)
        exchange.model = loaded.manifest.version
        exchange.articles = 1
        exchange.characters = len(article.title) + len(article.content)
        exchange.review = int(prediction.review)
        # Not counted among the articles: what people try, again and again, is no traffic.
        return Tagged(loaded, article, prediction)

    def _form(
        self, request: Request, asked: Asked, tagged: Tagged | None = None, *, empty: bool = False
    ) -> str:
        language = language_of(request)
        loaded = tagged.loaded if tagged else self._service.live.current()
        scheme = loaded.predictor.model.scheme
        return render(
            "tag.html",
            language,
            "/",
            asked=asked,
            empty=empty,
            groups=language.listed([language.name(group) for group in scheme.groups]),
            examples=examples() if _is_shipped(loaded) else {},
            longest=_LONGEST,
            most=LONGEST,
            result=_result(tagged, asked.show, language) if tagged else {},
        )


def _is_shipped(loaded: Loaded) -> bool:
    """Whether the labels are those that the examples were written for."""
    return loaded.manifest.scheme_digest == _shipped_digest()


@cache
def _shipped_digest() -> str:
    return shipped_scheme().digest()


def _result(tagged: Tagged, show: str, language: Language) -> dict[str, object]:
    loaded, article, prediction = tagged
    model = loaded.predictor.model
    told = because(prediction, model, article, show, language)
    return {
        "review": prediction.review,
        "reasons": reasons_of(prediction, model, language),
        "groups": groups_of(prediction, model, language),
        "because": told,
        "pieces": language.name(told.group) if reads_pieces(loaded.manifest, told.group) else "",
        "cut": max(len(article.title), len(article.content)) > LONGEST,
        "version": loaded.manifest.version,
        "created": loaded.manifest.created,
        "figures": figures_of(loaded, language),
        "marked": MARKED,
    }


async def _warmed() -> None:
    """Read what pages need before the first of them, beside the event loop: it takes 0.2 s."""
    if not examples.cache_info().currsize:
        await anyio.to_thread.run_sync(_warm)


def _warm() -> None:
    compiled()
    examples()


def language_of(request: Request) -> Language:
    """The language that a request asks for, or that its browser prefers."""
    accepted = request.scope["sent"].get(b"accept-language", b"").decode("latin-1")
    return choose(request.query_params.get("lang"), accepted)


async def told(problem: Problem, request: Request, exchange: Exchange) -> Response:
    """A problem, as a page where a person asked for one, or for what there is not.

    Without a key nobody is told what there is, and no password would open it.
    """
    accepted = request.scope["sent"].get(b"accept", b"")
    mistyped = exchange.route == OTHER and b"text/html" in accepted
    if exchange.route in PAGES or (mistyped and problem.status_code != HTTPStatus.UNAUTHORIZED):
        await _warmed()
        return failed(problem, request)
    return problem


def failed(problem: Problem, request: Request) -> Page:
    """A problem, told to a person; a browser asks for name and password where a key is missing."""
    language = language_of(request)
    status = problem.status_code
    told = status if f"problem_{status}" in language.texts else 500
    exchange: Exchange = request.scope["exchange"]
    exchange.shown = True
    text = render(
        "problem.html",
        language,
        request.scope["path"] if exchange.route in PAGES else "",
        status=status,
        what=language.say(f"problem_{told}"),
        fix=language.say(f"fix_{told}", longest=_LONGEST, request=exchange.id),
    )
    page = Page(text, language, status)
    for name in _KEPT:
        if name in problem.headers:
            page.headers[name] = problem.headers[name]
    if status == HTTPStatus.UNAUTHORIZED:
        page.headers.update(_BASIC)
    return page
