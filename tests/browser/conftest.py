"""Real headless Chromium against real servers.

Every test here runs on the session's event loop, because Chromium does.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    async_playwright,
    expect,
)

from tests.browser.bundles import bundled_environment
from tests.browser.screens import Screens, make_screens
from tests.client_js.node import find_node, install_packages
from tests.harness.backend import Deployment
from tests.harness.cast import PASSWORD, Cast, Stage
from tests.harness.patience import patience

HERE: Final = Path(__file__).parent
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",  # a microphone that beeps
)

WHOLE: Final = ("chromium", "chromium-browser", "google-chrome")

OpenPage = Callable[..., Awaitable[Page]]


OpenScreen = Callable[..., Awaitable[Page]]


class SignedIn(Protocol):
    def __call__(
        self, name: str, path: str = "/app", *, server: int = 0, **context: Any
    ) -> Awaitable[Page]: ...


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@asynccontextmanager
async def launched(*programs: str) -> AsyncIterator[Browser]:
    path = next(filter(None, map(shutil.which, programs)), None)
    if path is None:
        pytest.skip("NOT TESTED in a browser: no Chromium was found")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def whole_chromium() -> AsyncIterator[Browser]:
    async with launched(*WHOLE) as browser:
        yield browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def headless_shell() -> AsyncIterator[Browser]:
    async with launched("chromium-headless-shell", *WHOLE) as browser:
        yield browser


@pytest.fixture
def chromium(request: pytest.FixtureRequest) -> Browser:
    """Provide Chromium, as the headless shell where it is installed: it needs a third less processor time.

    The shell has no notifications and no microphone. Tests with the mark `whole_browser` get the whole Chromium.
    """
    is_whole = request.node.get_closest_marker("whole_browser") is not None
    browser: Browser = request.getfixturevalue("whole_chromium" if is_whole else "headless_shell")
    return browser


@pytest.fixture(autouse=True)
def patient_expectations() -> None:
    """Let Playwright's `expect` wait as long as the present load requires."""
    expect.set_options(timeout=patience(10_000))


def report_errors(page: Page, allowed: list[str], complaints: list[str]) -> None:
    """Add each error of the page to `complaints`, unless it contains one of the `allowed` texts."""

    def complain(text: str) -> None:
        if not any(part in text for part in allowed):
            complaints.append(text)

    def on_console(message: ConsoleMessage) -> None:
        # A refusal by the security policy is an error where it is enforced, a warning where it is reported.
        if message.type == "error" or "Content Security Policy" in message.text:
            complain(f"{message.text} ({message.location.get('url', '')})")

    def on_request(request: Request) -> None:
        # Pages need only what the deployment serves, or the sites of the tests.
        if urlsplit(request.url).hostname not in {"127.0.0.1", "localhost", None, ""}:
            complain(f"asked another host: {request.url}")

    page.context.on("request", on_request)
    page.on("console", on_console)
    page.on("pageerror", lambda error: complain(str(error)))


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(chromium: Browser) -> AsyncIterator[OpenPage]:
    """`await open_page(url, **context)` opens a page in a new browser profile, as another person on another computer.

    The keywords are those of Playwright's `new_context`. The test fails at its end if a page logged an error, raised
    an exception, sent a request to another host, or was refused something by its security policy. Use
    `page.allowed.append("part of the text")` for expected ones.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    async def open_one(url: str, **options: Any) -> Page:
        context = await chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        contexts.append(context)
        context.set_default_timeout(patience(10_000))
        page = await context.new_page()
        allowed: list[str] = []
        page.allowed = allowed  # type: ignore[attr-defined]
        report_errors(page, allowed, complaints)
        await page.goto(url)
        return page

    yield open_one
    for context in contexts:
        await context.close()
    assert complaints == []


@pytest.fixture
def worker(deployment: Deployment) -> None:
    """Start the worker that processes files."""
    deployment.start_worker()


@pytest_asyncio.fixture(loop_scope="session")
async def cast(stage: Stage) -> AsyncIterator[Cast]:
    """Provide the cast, with clients on the browser's event loop."""
    async with Cast(stage) as people:
        yield people


OPEN_SESSION: Final = """
from django.contrib.auth import get_user_model
from django.test import Client
client = Client()
client.force_login(get_user_model().objects.get(username={name!r}))
print("session", client.session.session_key)
"""
COOKIE_RULES: Final = {"expires": -1, "httpOnly": True, "secure": False, "sameSite": "Lax"}

_addresses: Final = itertools.count(1)


@pytest.fixture(scope="session")
def mailing_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Provide a deployment with all that needs mails. It writes them into the log of its server."""
    static = bundled_environment()
    with Deployment.embedded(
        tmp_path_factory.mktemp("mailing"), kind="daphne", EMAIL_URL="console:", PASSWORD_RESET="1", **static
    ) as deployment:
        yield deployment


@pytest.fixture(scope="session")
def screens(mailing_site: Deployment) -> list[Screens]:
    return make_screens(mailing_site)


@pytest.fixture
def open_screen(mailing_site: Deployment, open_page: OpenPage) -> OpenScreen:
    """`await open_screen(person, path)` opens a screen as the person of these screens."""

    async def open_as(person: Screens, path: str, **context: Any) -> Page:
        cookie = {"name": "sessionid", "value": person.session, "domain": "127.0.0.1", "path": "/"}
        cookies = [cookie | COOKIE_RULES] if person.session else []
        state = {"cookies": cookies, "origins": []}
        return await open_page(mailing_site.server(0).url + path, storage_state=state, **context)

    return open_as


@pytest.fixture
def signed_in(stage: Stage, open_page: OpenPage) -> SignedIn:
    """`await signed_in("olivia", "/app")` opens the page as this person, in a separate browser.

    It uses an existing session of the person. The sign-in form has its own tests, and would cost two pages and a
    check of the password.
    """

    sessions: dict[str, Any] = {}  # of this test alone, because tests sign people out

    async def open_as(name: str, path: str = "/app", *, server: int = 0, **context: Any) -> Page:
        site = stage.deployment.server(server).url
        if name not in sessions:
            session = stage.deployment.shell(OPEN_SESSION.format(name=name)).split()[-1]
            cookie = {"name": "sessionid", "value": session, "domain": "127.0.0.1", "path": "/"}
            sessions[name] = {"cookies": [cookie | COOKIE_RULES], "origins": []}
        return await open_page(site + path, storage_state=sessions[name], **context)

    return open_as


def own_address() -> dict[str, str]:
    """Give each page its own client address, so that the sign-ins of the suite do not reach the limit."""
    return {"X-Forwarded-For": f"203.0.113.{next(_addresses) % 250 + 1}"}


async def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    await page.get_by_label("Username").fill(name)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.locator("[data-entrance] .primary").click()
    await page.wait_for_url("**/app**")


@pytest.fixture(scope="session")
def axe_source() -> str:
    """Return the source of axe-core, in the version that this folder's lock file names."""
    find_node()
    install_packages(HERE)
    return (HERE / "node_modules" / "axe-core" / "axe.min.js").read_text()
