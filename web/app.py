"""The application: routes, security headers, one log line per request; as many processes as wanted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
from fastapi import FastAPI, Request
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles

from engine import catalogue, log, settings
from engine.errors import Finding, Invalid
from web import errors
from web.declared import page_checks
from web.declared import pages as declared_pages
from web.routes import (
    account_lists,
    accounts,
    bearers,
    blanks,
    cases,
    definitions,
    documents,
    health,
    home,
    lookups,
    pages,
    paper_lines,
    passwords,
    public,
    sign_in,
    starts,
    stations,
    stuck,
    submissions,
    switching,
    tasks,
)

ROUTES = (
    sign_in, home, stations, starts, lookups, tasks, cases, documents, stuck, definitions, submissions, health,
    paper_lines, blanks, public, bearers, accounts, account_lists, passwords, switching,
)  # fmt: skip

STATIC = Path(__file__).with_name("static")
ONE_YEAR = 31_536_000

# The diagram libraries' watermark carries style attributes; scripts and style sheets are never inline.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "style-src-attr 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    """As many requests at once as there are threads and database connections: more only wait in the queue."""
    anyio.to_thread.current_default_thread_limiter().total_tokens = settings.current().threads
    yield


def create() -> FastAPI:
    """A new application. It holds no state: sessions, drafts and cases are in the database.

    Invalid, with every finding, when a declared page is broken.
    """
    refused = [found for found in check_pages() if found.severity == "error"]
    if refused:
        raise Invalid(refused)
    app = FastAPI(title="tiemchung", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan)
    STATIC.mkdir(exist_ok=True)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for module in ROUTES:
        app.include_router(module.router)
    app.include_router(pages.router())
    errors.install(app)
    app.middleware("http")(_in_one_line)
    return app


def check_pages() -> list[Finding]:
    """What is wrong with the declared pages of this deployment."""
    try:
        declared = declared_pages.current()
    except Invalid as refused:
        return list(refused.findings)
    taken = {route.path.split("/")[1] for module in ROUTES for route in module.router.routes}
    return page_checks.run(declared, catalogue.current(), {*taken, "static"})


async def _in_one_line(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    """Log a request as one line, limit its size, add the security headers."""
    if request.url.path.startswith("/static/"):
        response = await answer(request)
        if request.query_params.get("v"):
            response.headers["Cache-Control"] = f"public, max-age={ONE_YEAR}, immutable"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
    limit = settings.current().upload_limit_bytes
    with log.unit_of_work("request", method=request.method) as line:
        if _size(request) > limit:
            response = errors.too_large(request, limit)
        elif "\0" in request.url.path or "%00" in request.url.query or "%00" in request.url.path:
            response = errors.bad_address(request)
        else:
            response = await errors.answered(request, answer)
        route = request.scope.get("route")
        line["route"] = getattr(route, "path", "unmatched")
        line["status"] = response.status_code
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _size(request: Request) -> float:
    """How much a request says it brings; one that brings something and does not say is taken for too large."""
    length = request.headers.get("content-length")
    if length is None:
        return float("inf") if "transfer-encoding" in request.headers else 0
    return int(length) if length.isdecimal() else float("inf")
