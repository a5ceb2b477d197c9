"""A real browser before the real application: served from a thread, on the test's database, under the test's clock."""

from __future__ import annotations

import re
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from engine import settings
from tests import library as libraries
from tests.library import PASSWORD, Library
from web import app, subjects

SCREENSHOTS = settings.CHECKOUT / "screenshots"
AXE = settings.CHECKOUT / "web" / "node_modules" / "axe-core" / "axe.min.js"
PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
PATIENCE_MS = 30_000  # of a machine that does much else: a bound, not a promise


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's own Chromium, without a window."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def library(database: sqlalchemy.Engine, move: Callable[..., datetime]) -> Iterator[Library]:
    """The book-loan library, open on a held Monday morning."""
    with libraries.declared():
        yield libraries.opened()


@pytest.fixture
def address(library: Library) -> Iterator[str]:
    """Where the application answers during the test; it remembers nobody from an earlier one."""
    subjects.forget()
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app.create(), log_config=None, access_log=False))
    serving = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    serving.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        serving.join(timeout=20)
        listening.close()


@pytest.fixture
def scriptless() -> set[BrowserContext]:
    """The visitors of a test whose browsers run no scripts."""
    return set()


@pytest.fixture
def visitor(browser: Browser, address: str, scriptless: set[BrowserContext]) -> Iterator[Callable[..., Page]]:
    """A browser of its own for each person: `visitor("thuthu")` is signed in; faults of scripts fail the test."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def come(
        sign_in: str | None = None, phone: bool = False, scripts: bool = True, language: str = "vi"
    ) -> Page:
        context = browser.new_context(
            base_url=address,
            viewport=PHONE if phone else DESKTOP,
            java_script_enabled=scripts,
            locale="vi-VN",
        )
        contexts.append(context)
        if not scripts:
            scriptless.add(context)
        context.set_default_timeout(PATIENCE_MS)
        context.add_cookies([{"name": "tiemchung_language", "value": language, "url": address}])
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        if sign_in is not None:
            sign_in_as(page, sign_in)
        return page

    yield come
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def accessible(scriptless: set[BrowserContext]) -> Callable[[Page], None]:
    """Judge a page by axe (WCAG 2.2 A and AA, and best practice); what it finds is said by rule and place.

    axe is a script itself: a page in a browser without scripts is passed over, and so is what is shown as paper.
    """

    def judge(page: Page) -> None:
        if page.context in scriptless or page.evaluate("matchMedia('print').matches"):
            return
        page.evaluate(AXE.read_text("utf-8"))
        found = page.evaluate(
            """async () => (await axe.run(document, {
                runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
            })).violations"""
        )
        told = [
            f"{one['id']} ({one['impact']}): {one['help']}\n    {node['html'][:200]}\n    {node['failureSummary']}"
            for one in found
            for node in one["nodes"]
        ]
        assert not told, f"{page.url}\n" + "\n".join(told)

    return judge


@pytest.fixture
def photographed(
    request: pytest.FixtureRequest, accessible: Callable[[Page], None]
) -> Callable[[Page, str], Path]:
    """Keep a picture of a page under screenshots/, for people to look at; what is shown is judged by axe too."""
    folder = SCREENSHOTS / re.sub(r"\W+", "_", request.node.name)
    folder.mkdir(parents=True, exist_ok=True)

    def keep(page: Page, name: str) -> Path:
        path = folder / f"{name}.png"
        page.screenshot(path=path, full_page=True)
        accessible(page)
        return path

    return keep


def sign_in_as(page: Page, sign_in: str) -> None:
    """Through the sign-in page, as people do."""
    page.goto("/sign-in")
    page.locator("#sign_in").fill(sign_in)
    page.locator("#password").fill(PASSWORD)
    page.locator("form[action='/sign-in'] button").click()
