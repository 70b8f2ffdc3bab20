"""An installation of its own in a child process, for tests that drive a browser.

The ledger's guards refuse to empty its tables, so a browser test gets a database of its own instead of a flushed one.

    with served.installation(tmp_path, "tests.web.scenes.people", CRDMO_IDLE_MINUTES="15") as address: ...

The scene is a module with `play()`, which enters people and records before the first page is served.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

CHILD = """
import sys, threading
from importlib import import_module
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
import django
django.setup()
from django.conf import settings
for app in settings.INSTALLED_APPS:
    settings.MIGRATION_MODULES[app.rpartition(".")[2]] = None
from django.core.management import call_command
call_command("migrate", run_syncdb=True, verbosity=0)
import_module(sys.argv[1]).play()
from django.core.wsgi import get_wsgi_application
class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
class Silent(WSGIRequestHandler):
    def log_message(self, *args): pass
make_server("127.0.0.1", int(sys.argv[2]), get_wsgi_application(), Server, Silent).serve_forever()
"""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment_of(home: Path) -> dict[str, str]:
    """Return what tells a process to work for the installation in this home."""
    return {
        "CRDMO_HOME": str(home),
        "CRDMO_SECRET_KEY": "of a test",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }


DEMO = "tests.web.scenes.demo"
PLAY = """
import django
django.setup()
from django.conf import settings
for app in settings.INSTALLED_APPS:
    settings.MIGRATION_MODULES[app.rpartition(".")[2]] = None
from django.core.management import call_command
call_command("migrate", run_syncdb=True, verbosity=0)
from tests.web.scenes import demo
demo.play()
"""


def _played(home: Path) -> None:
    """Copy the played demo into a home. It is played once a run, by whichever process of the run needs it first."""
    worker = home.parent
    shared = (worker.parent if worker.name.startswith("popen-") else worker) / "played-demo"
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.exists():
            making = shared.with_suffix(".part")
            making.mkdir()
            told = {**os.environ, **environment_of(making), "DJANGO_SETTINGS_MODULE": "crdmo.settings"}
            told.pop("CRDMO_DATABASE_URL", None)
            subprocess.run([sys.executable, "-c", PLAY], env=told, cwd=ROOT, check=True, capture_output=True, text=True)
            making.rename(shared)
    shutil.copytree(shared, home, dirs_exist_ok=True)


@contextmanager
def installation(home: Path, scene: str, *, settings: str = "crdmo.settings", **environment: str) -> Iterator[str]:
    """Serve an installation with a scene; yields its address. `localhost`, because passkeys need a secure origin."""
    if scene == DEMO:
        _played(home)
    port, log = _free_port(), home / "server.log"
    told = {**os.environ, **environment_of(home), "DJANGO_SETTINGS_MODULE": settings, **environment}
    told.pop("CRDMO_DATABASE_URL", None)
    with log.open("w") as out:
        command = [sys.executable, "-c", CHILD, scene, str(port)]
        child = subprocess.Popen(command, env=told, stdout=out, stderr=out, cwd=ROOT)
        try:
            address = f"http://localhost:{port}"
            _wait(f"{address}/login/", child, log)
            yield address
        finally:
            child.terminate()
            child.wait(10)


def _wait(url: str, child: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(720):
        if child.poll() is not None:
            raise RuntimeError(f"the server ended: {log.read_text()[-3000:]}")
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.25)
    raise RuntimeError(f"no answer from {url}: {log.read_text()[-3000:]}")
