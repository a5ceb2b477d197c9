"""One place where refusals become pages: what was expected, what was found, what to do; never a traceback."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from engine import log
from engine.errors import Conflict, EngineError, Invalid, NotAllowed, NotFound
from web import rendering, sessions
from web.sessions import PasswordChangeNeeded, PinNeeded, SignInNeeded
from web.visitors import CodeNeeded

_STATUS = {NotFound: 404, NotAllowed: 403, Conflict: 409, Invalid: 422}


def install(app: FastAPI) -> None:
    """Let every refusal of the engine become a page."""
    for needed in (SignInNeeded, PinNeeded, PasswordChangeNeeded):
        app.add_exception_handler(needed, _sign_in)
    app.add_exception_handler(CodeNeeded, _code)
    app.add_exception_handler(EngineError, _refusal)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _bad_address)


async def answered(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    """The answer to a request, or the page for a bug: nothing of it reaches the person but a sentence."""
    try:
        return await answer(request)
    except Exception as bug:
        return _bug(request, bug)


def status_of(refusal: EngineError) -> int:
    """The HTTP status a refusal is answered with."""
    return next((status for kind, status in _STATUS.items() if isinstance(refusal, kind)), 400)


def _sign_in(request: Request, needed: Exception) -> Response:
    """To where one signs in, shows the PIN or changes the password, and back to where a plain page was asked for."""
    is_part = bool(request.headers.get("hx-request"))
    open_page = urlsplit(request.headers.get("hx-current-url", "")).path
    back = (open_page or "/") if is_part else request.url.path if request.method == "GET" else "/"
    page = {PinNeeded: "/switch", PasswordChangeNeeded: "/password"}.get(type(needed), "/sign-in")
    address = f"{page}?next={quote(back)}"
    if is_part:
        return Response(status_code=401, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)


def _code(request: Request, _: Exception) -> Response:
    """To where a code is entered: there is no session, or it has ended."""
    return rendering.redirect(request, "/my", "said.bearer_ended", "warn")


def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, EngineError)
    language = sessions.language_of(request)
    findings = [found.sentence(language) for found in error.findings] if isinstance(error, Invalid) else []
    return rendering.error_page(request, status_of(error), sentence_of(error, language), findings)


def sentence_of(refusal: EngineError, language: str) -> str:
    """What a refusal says: the web's own refusals from its texts, the engine's from the engine's."""
    key = f"errors.{refusal.code}"
    own = rendering.sentence(key, language, **refusal.params)
    return refusal.sentence(language) if own == key else own


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    key = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}.get(
        error.status_code, "bad_request"
    )
    sentence = rendering.sentence(f"errors.{key}", sessions.language_of(request))
    return rendering.error_page(request, error.status_code, sentence, [])


def _bad_address(request: Request, _: Exception) -> Response:
    return bad_address(request)


def bad_address(request: Request) -> Response:
    """The answer to an address that no page of ours could have."""
    sentence = rendering.sentence("errors.bad_request", sessions.language_of(request))
    return rendering.error_page(request, 400, sentence, [])


def _bug(request: Request, error: Exception) -> Response:
    """A bug: logged once with its places in the code, told to the person without any detail."""
    log.error("request_failed", method=request.method, route=_route(request), _failure=error)
    sentence = rendering.sentence("errors.bug", sessions.language_of(request))
    return rendering.error_page(request, 500, sentence, [])


def _route(request: Request) -> str:
    route = request.scope.get("route")
    return getattr(route, "path", "unmatched")


def too_large(request: Request, limit: int) -> Response:
    """The answer to a request larger than the settings allow."""
    sentence = rendering.sentence(
        "errors.too_large", sessions.language_of(request), megabytes=limit // 1_048_576
    )
    return rendering.error_page(request, 413, sentence, [])
