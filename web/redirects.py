"""After a change: on to a page, with a sentence that says what was done."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import RedirectResponse, Response


def after(request: Request, address: str, said: str) -> Response:
    """Go on to a page of ours, which says the text `said` (a key under `said:` of the web's texts)."""
    there = f"{address}{'&' if '?' in address else '?'}said={said}"
    if request.headers.get("hx-request"):
        return Response(status_code=200, headers={"HX-Redirect": there})
    return RedirectResponse(there, 303)
