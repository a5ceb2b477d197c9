"""Pages from templates: escaped, in the reader's language, with numbers, days and durations in local style.

Fragments are blocks of the page they belong to: an htmx request gets the block, a plain one the whole page.
What a template may use without being given it: `t` (texts), `number`, `day`, `moment`, `clock`, `duration`,
`asset`, `language`, `theme`, `ui` (the macros of components.html) and `fields` (those of form.html).
"""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from engine import campaign, settings, texts
from engine import clock as clocks
from web import locales, navigation, sessions

HERE = Path(__file__).parent
BUILT = HERE / "static" / "built"
STATIC_ADDRESS = "/static/built"

FLASH_COOKIE = "tiemchung_flash"

_language: ContextVar[str] = ContextVar("language", default="vi")


def page(
    request: Request,
    template: str,
    presence: sessions.Presence | None = None,
    status: int = 200,
    **context: Any,
) -> HTMLResponse:
    """The whole page."""
    return _response(request, status, template, None, presence, context)


def fragment(
    request: Request,
    template: str,
    block: str,
    presence: sessions.Presence | None = None,
    status: int = 200,
    **context: Any,
) -> HTMLResponse:
    """The block for an htmx request, the whole page for any other: one route serves both."""
    wanted = block if request.headers.get("hx-request") else None
    return _response(request, status, template, wanted, presence, context)


def error_page(request: Request, status: int, sentence: str, findings: Sequence[str]) -> HTMLResponse:
    """A refusal as a page: what was expected, what was found, what to do. Never touches the database."""
    return _response(
        request,
        status,
        "error.html",
        None,
        getattr(request.state, "presence", None),
        {"status": status, "sentence": sentence, "findings": findings},
    )


def redirect(
    request: Request, address: str, flash: str | None = None, tone: str = "good", **params: Any
) -> Response:
    """On to another page, which says the text `flash` once; `tone` is good, bad, warn or plain."""
    if request.headers.get("hx-request"):
        response = Response(status_code=200, headers={"HX-Redirect": address})
    else:
        response = RedirectResponse(address, 303)
    if flash:
        said = base64.urlsafe_b64encode(json.dumps([flash, tone, params], default=str).encode()).decode()
        secure = settings.current().secure_cookies
        response.set_cookie(FLASH_COOKIE, said, max_age=60, httponly=True, samesite="lax", secure=secure)
    return response


def html(template: str, language: str, theme: str = "", block: str | None = None, **context: Any) -> str:
    """A template (or one block of it) as text; `context` is all that it is given beside the globals."""
    return _rendered(environment().get_template(template), language, block, {"theme": theme, **context})


def text(source: str, language: str, block: str | None = None, **context: Any) -> str:
    """A template given as text, with everything a page's template may use."""
    return _rendered(environment().from_string(source), language, block, context)


def _rendered(template: Template, language: str, block: str | None, context: dict[str, Any]) -> str:
    token = _language.set(language)
    try:
        given = {"language": language, **_macros(), **context}
        return (
            template.render(given)
            if block is None
            else "".join(template.blocks[block](template.new_context(given)))
        )
    finally:
        _language.reset(token)


def sentence(key: str, language: str, **params: Any) -> str:
    """A text of the web by its key, its gaps filled; `one` and `other` forms are chosen by `count`."""
    found = _lookup(catalogue(language), key)
    if isinstance(found, Mapping):
        found = found.get("one" if params.get("count") == 1 and "one" in found else "other")
    if not isinstance(found, str):
        return key
    shown = {name: _shown(value, language) for name, value in params.items()}
    return found.format_map(_Gaps(shown))


@functools.cache
def catalogue(language: str) -> dict[str, Any]:
    """Every text of the web in one language, nested by key."""
    found: dict[str, Any] = {}
    for path in sorted((HERE / "texts").glob(f"*.{language}.yaml")):
        texts.merged(found, yaml.safe_load(path.read_text("utf-8")) or {})
    return found


@functools.cache
def environment() -> Environment:
    """The templates; an undefined name is an error, and everything is escaped."""
    found = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals.update(
        t=lambda key, **params: sentence(key, _language.get(), **params),
        asset=asset,
        number=lambda value, digits=None: locales.number(value, _language.get(), digits),
        day=locales.day,
        moment=lambda value: locales.moment(value, _zone()),
        clock=lambda value: locales.clock(value, _zone()),
        duration=lambda value: locales.duration(value, _language.get()),
        since=lambda at: locales.duration(clocks.now() - at, _language.get()),
        now=clocks.now,
        languages=texts.LANGUAGES,
    )
    found.filters["json_text"] = json_text
    return found


def asset(name: str) -> str:
    """The address of a built file with the hash of its content, so that caches may keep it for ever."""
    known = _manifest(_changed_at())
    return f"{STATIC_ADDRESS}/{name}?v={known[name]}" if name in known else f"{STATIC_ADDRESS}/{name}"


def json_text(value: Any) -> str:
    """JSON that may stand inside a <script type="application/json"> element: nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def _response(
    request: Request,
    status: int,
    template: str,
    block: str | None,
    presence: sessions.Presence | None,
    context: dict[str, Any],
) -> HTMLResponse:
    language = presence.language if presence else sessions.language_of(request)
    spoken = said(request, language)
    surroundings = {
        "campaign": _campaign_name(language),
        "presence": presence,
        "csrf": presence.csrf if presence else "",
        "lock_after": campaign.current().accounts.lock_minutes * 60,
        "path": request.url.path,
        "navigation": navigation.items(presence, request.url.path)
        if presence
        else navigation.public(language, request.url.path),
        "flash": spoken,
    }
    shown = html(template, language, sessions.theme_of(request), block, **{**surroundings, **context})
    response = HTMLResponse(shown, status, headers={"Vary": "HX-Request"})
    if spoken and block is None:
        response.delete_cookie(FLASH_COOKIE)
    return response


def _campaign_name(language: str) -> str:
    """The campaign's name, in the first language where the reader's has none."""
    names = campaign.current().names
    return names.get(language) or names.get(texts.LANGUAGES[0], "")


def said(request: Request, language: str) -> tuple[str, str] | None:
    """What the page before wants said: (sentence, tone). A cookie can name texts only, never bring its own."""
    try:
        key, tone, params = json.loads(base64.urlsafe_b64decode(request.cookies.get(FLASH_COOKIE, "")))
        found = sentence(key, language, **{str(name): value for name, value in params.items()})
    except (ValueError, TypeError, AttributeError):
        return None
    known = _lookup(catalogue(language), key) is not None and tone in ("good", "bad", "warn", "plain")
    return (found, tone) if known else None


def _macros() -> dict[str, Any]:
    """Macros as globals, because a block rendered alone sees no imports of its page."""
    names = {"ui": "components.html", "fields": "form.html"}
    return {name: environment().get_template(file).module for name, file in names.items()}


def _zone() -> Any:
    return settings.current().zone_info


def _shown(value: Any, language: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float, timedelta, datetime, date)):
        return value
    if isinstance(value, (int, float)):
        return locales.number(value, language)
    if isinstance(value, timedelta):
        return locales.duration(value, language)
    return locales.moment(value, _zone()) if isinstance(value, datetime) else locales.day(value)


def _lookup(found: Any, key: str) -> Any:
    for part in key.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return None
        found = found[part]
    return found


def _changed_at() -> float:
    manifest = BUILT / "manifest.json"
    return manifest.stat().st_mtime if manifest.exists() else 0.0


@functools.lru_cache(maxsize=2)
def _manifest(_changed_at: float) -> dict[str, str]:
    manifest = BUILT / "manifest.json"
    return dict(json.loads(manifest.read_text("utf-8"))) if manifest.exists() else {}


class _Gaps(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "…"
