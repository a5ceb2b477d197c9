"""Where signing in may lead, and whose posts are taken."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st

from web import guards
from web.routes import sign_in


def request(**headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/preferences",
        "headers": raw,
        "query_string": b"",
    }
    return Request(scope)


@pytest.mark.parametrize("address", ["/", "/stations/counter", "/cases?process=loan"])
def test_a_path_of_ours_is_gone_on_to(address: str) -> None:
    assert sign_in.local(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "//x.example",
        "/\\x.example",
        "https://x.example/",
        "javascript:1",
        "/a\r\nb",
        "/sign-in",
        "/" + "a" * 600,
    ],
)
def test_anything_else_leads_home(address: str) -> None:
    assert sign_in.local(address) == "/"


@given(st.text(max_size=60))
def test_no_text_leads_to_another_site(address: str) -> None:
    path = sign_in.local(address)
    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))


def test_a_guard_made_elsewhere_is_not_ours() -> None:
    assert not guards._is_made_here("")
    assert not guards._is_made_here("nonce.signature")
    assert guards._is_made_here(f"nonce.{guards._signature('nonce')}")


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({"sec_fetch_site": "same-origin"}, True),
        ({"sec_fetch_site": "cross-site"}, False),
        ({"sec_fetch_site": "same-site"}, False),
        ({"origin": "https://here.example", "host": "here.example"}, True),
        ({"origin": "https://there.example", "host": "here.example"}, False),
        ({"origin": "null", "host": "here.example"}, False),
    ],
)
def test_a_choice_of_language_comes_from_a_page_of_ours(headers: dict[str, str], ours: bool) -> None:
    assert sign_in._is_from_here(request(**headers)) is ours
