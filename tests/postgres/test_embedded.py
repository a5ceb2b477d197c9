"""The embedded server: there when it is needed, shared, and back with every committed row after any crash."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from engine import clusters, embedded, errors, programs, settings

IS_ROOT = os.geteuid() == 0
START = "import sys; from pathlib import Path; from engine import embedded; print(embedded.start(Path(sys.argv[1])))"


PACKAGES = Path(psycopg.__file__).parent.parent


def normal_user() -> programs.Owner:
    """Who runs these tests; for root somebody without any rights."""
    return programs.account(65534) if IS_ROOT else programs.myself()


def python_for_the_normal_user() -> Path | None:
    """An interpreter of this version the normal user can run, if they can reach this checkout at all."""
    user = normal_user()
    if not (programs.may_enter(user, settings.CHECKOUT) and programs.may_enter(user, PACKAGES)):
        return None
    candidates = [Path(sys.executable), Path(f"/usr/bin/python3.{sys.version_info.minor}")]
    return next((path for path in candidates if programs.may_enter(user, path)), None)


@pytest.fixture
def place() -> Iterator[Path]:
    """An empty folder which every account may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="tiemchung-test-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def new(place: Path) -> Iterator[Path]:
    """A data folder that does not exist yet."""
    yield place / "data"
    clean(place / "data")


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A data folder whose cluster has been made, which takes far longer than starting one."""
    folder = Path(tempfile.mkdtemp(prefix="tiemchung-test-", dir="/tmp"))
    folder.chmod(0o755)
    embedded.start(folder / "data")
    yield folder / "data"
    clean(folder / "data")
    shutil.rmtree(folder)


@pytest.fixture
def data(made: Path) -> Iterator[Path]:
    """That folder, with no server running at first and none left running."""
    end(made)
    yield made
    end(made)


def end(data: Path) -> None:
    """End the server as fast as can be: nothing is worth writing out."""
    home = clusters.at(data)
    first = None if home is None else clusters.postmaster(home)
    if home is not None and first is not None:
        kill_from(home, first)


def clean(data: Path) -> None:
    end(data)
    embedded.reset(data)


def ask(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(question).fetchone()
        return row[0] if row else None


def write_a_loan(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("DROP TABLE IF EXISTS loan")
        connection.execute("CREATE TABLE loan (book text)")
        connection.execute("INSERT INTO loan VALUES ('Truyện Kiều')")


def kill_all(data: Path) -> None:
    """Kill the server's first process, then all it left: nobody writes anything out."""
    home = clusters.at(data)
    assert home is not None
    first = clusters.postmaster(home)
    assert first is not None
    kill_from(home, first)


def kill_from(home: clusters.Home, first: int) -> None:
    for pid in [first, *(clusters.living(home) - {first})]:
        with suppress(ProcessLookupError):  # killed by an earlier test, and only now gone
            os.kill(pid, signal.SIGKILL)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120  # a bound, not a promise
    while not condition():
        assert time.monotonic() < deadline
        os.sched_yield()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_start_makes_a_sound_private_server(new):
    url = embedded.start(new)
    assert ask(url, "SHOW data_checksums") == "on"
    assert ask(url, "SHOW fsync") == "on"
    assert ask(url, "SHOW listen_addresses") == ""
    assert ask(url, "SHOW server_encoding") == "UTF8"
    assert ask(url, "SHOW TimeZone") == "UTC"
    assert ask(url, "SELECT upper('đặng ứng')") == "ĐẶNG ỨNG"
    home = clusters.at(new)
    assert home is not None
    assert home.owner.uid != 0
    assert mode(home.folder) == mode(home.socket_dir) == 0o700
    assert "trust" not in (home.cluster / "pg_hba.conf").read_text()


def test_a_second_start_finds_the_first_server(data):
    first = embedded.start(data), embedded.status(data).pid
    assert (embedded.start(data), embedded.status(data).pid) == first


def test_committed_rows_survive_the_death_of_everything(data):
    url = embedded.start(data)
    write_a_loan(url)
    open_transaction = psycopg.connect(url)
    open_transaction.execute("INSERT INTO loan VALUES ('never committed')")
    kill_all(data)
    with pytest.raises(psycopg.OperationalError):
        open_transaction.commit()
    assert ask(embedded.start(data), "SELECT string_agg(book, ',') FROM loan") == "Truyện Kiều"


def test_a_server_whose_first_process_alone_was_killed_comes_back(data):
    url = embedded.start(data)
    write_a_loan(url)
    busy = psycopg.connect(url)
    busy.execute("SELECT 1")
    os.kill(embedded.status(data).pid, signal.SIGKILL)
    assert ask(embedded.start(data), "SELECT count(*) FROM loan") == 1
    with pytest.raises(psycopg.OperationalError):
        busy.execute("SELECT 1")


def plant(data: Path, pid: int) -> None:
    """Say in the server's own file that it runs under this number."""
    home = clusters.at(data)
    assert home is not None
    for file in (home.cluster / "postmaster.pid", home.socket_dir / ".s.PGSQL.5432.lock"):
        lines = file.read_text().splitlines() if file.exists() else ["1", str(home.cluster), "1", "5432"]
        clusters.write(home, file, "\n".join([str(pid), *lines[1:], ""]))


def test_a_number_that_now_belongs_to_another_process_is_not_believed(data):
    write_a_loan(embedded.start(data))
    kill_all(data)
    home = clusters.at(data)
    assert home is not None
    account = {"user": home.owner.uid, "group": home.owner.gid} if IS_ROOT else {}
    with subprocess.Popen(["/bin/sleep", "600"], **account) as other:
        plant(data, other.pid)
        assert not embedded.status(data).ready
        assert ask(embedded.start(data), "SELECT count(*) FROM loan") == 1
        assert other.poll() is None  # and nobody did it any harm
        other.kill()


def test_a_zombie_is_not_believed(data):
    write_a_loan(embedded.start(data))
    kill_all(data)
    zombie = subprocess.Popen(["/bin/true"])
    until(lambda: Path(f"/proc/{zombie.pid}/stat").read_text().split()[2] == "Z")
    plant(data, zombie.pid)
    assert embedded.status(data).pid is None
    assert ask(embedded.start(data), "SELECT count(*) FROM loan") == 1
    zombie.wait()


def test_processes_that_start_at_once_share_one_server(new):
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", START, str(new)], cwd=settings.CHECKOUT, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    addresses = {starter.communicate()[0].strip() for starter in starters}
    assert [starter.returncode for starter in starters] == [0, 0, 0]
    assert len(addresses) == 1
    status = embedded.status(new)  # and it keeps running now that all who started it have ended
    assert (status.ready, status.url) == (True, addresses.pop())


def test_stop_ends_it_and_keeps_the_data(data):
    write_a_loan(embedded.start(data))
    assert embedded.stop(data) is True
    assert embedded.stop(data) is False
    assert embedded.status(data).pid is None
    assert ask(embedded.start(data), "SELECT count(*) FROM loan") == 1


def test_stop_does_not_wait_for_open_transactions(data):
    with psycopg.connect(embedded.start(data)) as idle:
        idle.execute("SELECT 1")
        assert embedded.stop(data) is True
        idle.close()


def test_reset_starts_over(data):
    write_a_loan(embedded.start(data))
    embedded.reset(data)
    assert not (data / "postgres").exists()
    assert ask(embedded.start(data), "SELECT to_regclass('loan')") is None


def test_nothing_is_made_by_looking(place):
    assert embedded.status(place / "none") == embedded.Status(False, None, None, place / "none" / "postgres")
    assert embedded.stop(place / "none") is False
    embedded.reset(place / "none")
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("name", ["d" * 120, "a,b", "quo'te $HOME"])
def test_a_folder_whose_name_cannot_hold_a_socket_gets_one_in_tmp(data, name):
    odd = data.with_name(name)
    data.rename(odd)
    try:
        url = embedded.start(odd)
        home = clusters.at(odd)
        assert home is not None
        socket_dir = home.socket_dir
        assert socket_dir.parent == Path("/tmp")
        assert mode(socket_dir) == 0o700
        assert ask(url, "SELECT 1") == 1
        end(odd)
        shutil.rmtree(socket_dir)
    finally:
        odd.rename(data)


def test_reset_takes_away_a_socket_in_tmp(place):
    odd = place / "a,b"
    embedded.start(odd)
    home = clusters.at(odd)
    assert home is not None
    socket_dir = home.socket_dir
    embedded.reset(odd)
    assert not socket_dir.exists()


def test_a_server_whose_socket_was_deleted_is_started_again(data, monkeypatch):
    monkeypatch.setattr(embedded, "UNREACHABLE_SECONDS", 0.2)
    write_a_loan(embedded.start(data))
    home = clusters.at(data)
    assert home is not None
    before = clusters.postmaster(home)
    shutil.rmtree(home.socket_dir)
    assert ask(embedded.start(data), "SELECT count(*) FROM loan") == 1
    assert clusters.postmaster(home) != before


def test_a_folder_moved_under_a_running_server_gets_no_second_one(data):
    after = data.with_name("after")
    write_a_loan(embedded.start(data))
    pid = embedded.status(data).pid
    data.rename(after)
    try:
        assert ask(embedded.start(after), "SELECT count(*) FROM loan") == 1
        assert embedded.status(after).pid == pid
    finally:
        after.rename(data)


def test_a_half_made_cluster_is_made_again(data):
    home = clusters.at(data)
    assert home is not None
    (home.cluster).rename(home.folder / "cluster.draft")  # as if killed before the last step of its making
    assert ask(embedded.start(data), "SELECT 1") == 1


def test_a_cluster_of_another_version_is_refused_with_a_remedy(data):
    version = data / "postgres" / "cluster" / "PG_VERSION"
    before = version.read_text()
    version.write_text("9\n")
    try:
        with pytest.raises(errors.EngineError, match=r"was made by PostgreSQL 9.*TIEMCHUNG_PG_BIN"):
            embedded.start(data)
    finally:
        version.write_text(before)


def test_why_it_did_not_start_is_told_in_its_own_words(data):
    with pytest.raises(errors.EngineError, match=r"shared_buffers.*start\.log"):
        embedded.start(data, {"shared_buffers": "much"})


def test_a_data_folder_that_is_a_file_is_refused_with_a_remedy(place):
    (place / "data").write_text("")
    with pytest.raises(errors.EngineError, match="TIEMCHUNG_DATA_DIR"):
        embedded.start(place / "data")


if IS_ROOT:

    def test_root_keeps_out_of_reach_folders_as_they_are_and_moves_the_data(place):
        (place / "secret").mkdir(mode=0o700)
        data = place / "secret" / "data"
        url = embedded.start(data)
        try:
            assert ask(url, "SELECT 1") == 1
            assert mode(place / "secret") == 0o700
            moved_to = (data / "postgres").resolve()
            assert moved_to.parent == programs.SHELTER
            assert (embedded.start(data), embedded.stop(data)) == (url, True)
        finally:
            embedded.reset(data)
        assert not moved_to.exists()
        assert not (data / "postgres").is_symlink()

    def test_root_does_not_take_a_folder_of_root_s(new):
        new.mkdir()
        (new / "postgres").mkdir(mode=0o700)
        with pytest.raises(errors.EngineError, match="belongs to root"):
            embedded.start(new)
        (new / "postgres").rmdir()


if python_for_the_normal_user() is not None:

    def start_as_the_normal_user(data: Path) -> subprocess.CompletedProcess[str]:
        user = normal_user()
        account = {"user": user.uid, "group": user.gid, "extra_groups": []} if IS_ROOT else {}
        return subprocess.run(
            [python_for_the_normal_user(), "-c", START, data],
            env={"PYTHONPATH": f"{settings.CHECKOUT}:{PACKAGES}"},
            capture_output=True, text=True, check=False, **account,
        )  # fmt: skip

    def test_a_normal_user_runs_it_as_themselves(place, new):
        place.chmod(0o777)
        answer = start_as_the_normal_user(new)
        assert answer.returncode == 0, answer.stderr
        home = clusters.at(new)
        assert home is not None
        assert home.owner == normal_user()
        assert ask(answer.stdout.strip(), "SELECT 1") == 1  # and root may still look in

    if IS_ROOT:

        def test_a_normal_user_is_told_whose_the_data_is(data):
            embedded.start(data)
            answer = start_as_the_normal_user(data)
            assert "belongs to the account tiemchung" in answer.stderr
