"""Declared pages: each at its own path, for those it is meant for; a page that refreshes itself asks for its blocks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import Response

from engine import database
from engine.errors import NotAllowed
from web import rendering, sessions
from web.declared import looks, pages, parameters
from web.declared.pages import FRONT, Page
from web.declared.parameters import UnitNeeded
from web.sessions import Presence, SignInNeeded

PUBLIC_SECONDS = 15  # how long a browser may show a public page again without asking


def router() -> APIRouter:
    """A route for every declared page but the front page, which the home page shows to those not signed in."""
    made = APIRouter()
    for page in pages.current().pages.values():
        if page.path != FRONT:
            made.add_api_route(page.path, _route(page), methods=["GET"], response_model=None)
    return made


def shown(request: Request, page: Page, presence: Presence | None) -> Response:
    """The page as the reader may see it."""
    if not page.is_public and presence is None:
        raise SignInNeeded
    if not parameters.may_open(page, presence):
        raise NotAllowed("permission_missing", permission=page.audience)
    declared = pages.current()
    language = presence.language if presence else sessions.language_of(request)
    said = {**request.query_params, **request.path_params}
    try:
        with database.transaction() as connection:
            look = looks.look(connection, declared, page, said, presence, language)
    except UnitNeeded as needed:
        return rendering.page(
            request, "page_units.html", presence, choices=needed.choices, address=page.path,
            title=declared.text(f"{page.key}.title", language) or page.key,
        )  # fmt: skip
    response = rendering.fragment(
        request, "page.html", "blocks", presence, look=look, address=_address(request)
    )
    return _cacheable(request, response) if page.is_public and presence is None else response


def _route(page: Page) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        presence = sessions.presence_or_none(request) if page.is_public else sessions.presence(request)
        return shown(request, page, presence)

    return answer


def _address(request: Request) -> str:
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path


def _cacheable(request: Request, response: Response) -> Response:
    """A public page as caches may keep it: for a moment, then only after asking whether it is still the same."""
    if "set-cookie" in response.headers:
        return response
    tag = f'"{hashlib.sha256(response.body).hexdigest()[:24]}"'
    kept = {
        "ETag": tag, "Cache-Control": f"public, max-age={PUBLIC_SECONDS}", "Vary": "Cookie, HX-Request",
    }  # fmt: skip
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=kept)
    response.headers.update(kept)
    return response
