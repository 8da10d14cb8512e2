"""A private PostgreSQL server for tests: in a folder of its own, on a socket in it, gone afterwards.

- ``Server``    starts, stops, makes databases
- ``postgres``  the fixture: one server for all tests; skips where there is none. Import it in a ``conftest.py``.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

_BESIDE_PATH = "/usr/lib/postgresql/*/bin"


class Server:
    """A server in a folder.

    Parameters
    ----------
    programs
        The folder of ``initdb`` and ``pg_ctl``.
    folder
        For its data and its socket; short, since the path of a socket may not be long.
    """

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs, self.folder = programs, folder
        self._user = _servant()
        self._numbers = count(1)
        if self._user:
            shutil.chown(folder, self._user)
        self._run("initdb", "-D", "data", "-U", "xailab", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
        options = f"-F -c listen_addresses='' -c unix_socket_directories='{folder}' -c max_connections=60"
        self._options = options + " -c shared_buffers=16MB -c deadlock_timeout=200ms"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", self._options, "start")

    def stop(self, how: str = "fast") -> None:
        """Stop it: ``"fast"`` ends every connection, ``"immediate"`` is a crash."""
        self._run("pg_ctl", "-D", "data", "-w", "-m", how, "stop")

    def address(self, database: str) -> str:
        """Return the address of one of its databases."""
        return f"postgresql://xailab@/{database}?host={self.folder}"

    def database(self, options: str = "") -> str:
        """Make an empty database and return its address."""
        name = f"book{next(self._numbers)}"
        self.sql("postgres", f"CREATE DATABASE {name} {options}")
        return self.address(name)

    def sql(self, database: str, statement: str) -> list[tuple[object, ...]]:
        """Run a statement in a database and return its rows."""
        import psycopg

        with psycopg.connect(self.address(database), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def _run(self, program: str, *arguments: str) -> None:
        """Run a program of the server, as somebody who is not root."""
        group = pwd.getpwnam(self._user).pw_gid if self._user else None
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}
        with (self.folder / f"{program}.out").open("ab") as out:
            done = subprocess.run(
                [self.programs / program, *arguments],
                cwd=self.folder, env=environment, user=self._user, group=group, extra_groups=[] if group else None,
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False,
            )  # fmt: skip
        assert done.returncode == 0, (self.folder / f"{program}.out").read_text(errors="replace")[-2000:]


def programs() -> Path | None:
    """Return the folder of the server's programs; None: not installed."""
    found = shutil.which("initdb")
    candidates = [Path(found).resolve().parent] if found else []
    candidates += sorted(Path("/").glob(_BESIDE_PATH[1:]), reverse=True)
    return next((place for place in candidates if (place / "initdb").exists() and (place / "pg_ctl").exists()), None)


def _servant() -> str | None:
    """Return as whom the server runs; None: as ourselves. It refuses to run as root."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A running server."""
    pytest.importorskip("psycopg", exc_type=ImportError)
    place = programs()
    if place is None:
        pytest.skip("PostgreSQL is not installed here")
    folder = Path(tempfile.mkdtemp(prefix="xailab-pg-"))
    server = Server(place, folder)
    server.start()
    try:
        yield server
    finally:
        server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)
