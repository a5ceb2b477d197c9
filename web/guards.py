"""Forms before anybody is signed in: each carries a guard that only this browser was given, signed by us."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from fastapi import Request
from fastapi.responses import Response

from engine import settings
from web.sessions import Posted

COOKIE = "tiemchung_guard"


def of(request: Request) -> str:
    """The guard this browser has, or a new one; the page's response must keep it."""
    guard = request.cookies.get(COOKIE, "")
    if _is_made_here(guard):
        return guard
    nonce = secrets.token_urlsafe(18)
    return f"{nonce}.{_signature(nonce)}"


def is_ours(request: Request, fields: Posted) -> bool:
    """Whether the post brings the guard its browser was given."""
    kept = request.cookies.get(COOKIE, "")
    return _is_made_here(kept) and hmac.compare_digest(kept.encode(), fields.first("csrf").encode())


def keep(
    response: Response, name: str, value: str, seconds: int | None, is_read_by_scripts: bool = False
) -> None:
    """Set a cookie that no other site can send along with a post, and that no script can read unless it must."""
    response.set_cookie(
        name, value, max_age=seconds, httponly=not is_read_by_scripts, samesite="lax",
        secure=settings.current().secure_cookies, path="/",
    )  # fmt: skip


def _is_made_here(guard: str) -> bool:
    nonce, _, signature = guard.partition(".")
    return bool(nonce) and hmac.compare_digest(_signature(nonce).encode(), signature.encode())


def _signature(nonce: str) -> str:
    key = settings.current().secret_key.encode()
    return hmac.new(key, b"sign-in:" + nonce.encode(), hashlib.sha256).hexdigest()
