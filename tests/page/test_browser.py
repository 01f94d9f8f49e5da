"""The page in a real browser: it renders, says nothing to the console, and asks the network for nothing."""

from __future__ import annotations

import http.server
import shutil
import subprocess
import threading

import pytest

from mtlc.api import load, planned
from mtlc.page import page, read

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER = next((found for name in BROWSERS if (found := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(
    BROWSER is None, reason=f"no browser is installed (looked for {', '.join(BROWSERS)})"
)


@pytest.fixture
def served(run):
    """The page on a server of this machine that notes what is asked of it; its address and the notes."""
    text = page(read(run), planned(load(run / "spec.mtl"))).encode()
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200 if self.path == "/report.html" else 404)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(text if self.path == "/report.html" else b"")

        def log_message(self, *said):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/report.html", asked
    server.shutdown()


def browse(tmp_path, address, *wanted):
    command = [
        str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
        "--no-first-run", "--disable-component-update", f"--user-data-dir={tmp_path / 'profile'}",
        "--enable-logging=stderr", "--v=0",
        "--window-size=1240,3000", *wanted, address,
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)


def test_it_renders_without_a_word_on_the_console_and_without_a_request(served, tmp_path):
    address, asked = served
    picture = tmp_path / "page.png"
    done = browse(tmp_path, address, "--dump-dom", f"--screenshot={picture}")
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert console == []
    assert set(asked) <= {"/report.html", "/favicon.ico"}, "a browser asks for an icon by itself"
    assert "Results on the test split" in done.stdout and done.stdout.count("<svg") == 10
    assert picture.stat().st_size > 20_000
