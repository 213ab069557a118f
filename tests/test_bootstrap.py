"""What `make` decides before anything is installed: which way to take, and when there is nothing to do."""

import hashlib
import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import bootstrap
from bootstrap import CannotInstall, Machine, index_address, pinned_pip, pip_configuration_files, ways, wheel_address

ROOT = Path(__file__).resolve().parents[1]
BARE = Machine(uv=None, has_venv=True, has_ensurepip=False, pip_version=(), index=None)
WHEEL = "pip-26.3-py3-none-any.whl"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree with two locks and an environment whose interpreter exists."""
    (tmp_path / "requirements").mkdir()
    for lock in ("base", "dev"):
        (tmp_path / "requirements" / f"{lock}.txt").write_text(f"{lock}==1\n")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(
        bootstrap, "LOCKS", {lock: tmp_path / "requirements" / f"{lock}.txt" for lock in ("base", "dev")}
    )
    return tmp_path


def test_uv_comes_first_where_there_is_one() -> None:
    assert ways(replace(BARE, uv="/bin/uv", has_ensurepip=True)) == ["uv", "venv"]


def test_a_whole_python_uses_its_own_venv() -> None:
    assert ways(replace(BARE, has_ensurepip=True)) == ["venv"]


def test_a_python_without_ensurepip_borrows_the_pip_beside_it() -> None:
    assert ways(replace(BARE, pip_version=(23, 0, 1))) == ["outer pip"]


def test_a_pip_that_cannot_install_elsewhere_is_not_borrowed() -> None:
    assert ways(replace(BARE, pip_version=(22, 2))) == []
    assert ways(replace(BARE, pip_version=(22, 3))) == ["outer pip"]


def test_a_python_without_any_pip_takes_the_wheel_from_the_configured_index() -> None:
    assert ways(replace(BARE, index="https://index.example/simple")) == ["pip wheel"]


def test_a_python_that_has_nothing_is_told_what_to_install(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "look_around", lambda _environ: BARE)

    assert bootstrap.main("base") == 1
    said = capsys.readouterr().err.strip()
    assert said == bootstrap.MISSING
    assert "apt install python3-venv" in said


def test_a_way_that_fails_gives_place_to_the_next(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def install(_lock: str, way: str, _machine: Machine) -> None:
        tried.append(way)
        if way == "uv":
            raise CannotInstall("no index there")

    monkeypatch.setattr(bootstrap, "look_around", lambda _environ: replace(BARE, uv="/bin/uv", has_ensurepip=True))
    monkeypatch.setattr(bootstrap, "install", install)

    assert bootstrap.main("base") == 0
    assert tried == ["uv", "venv"]
    assert bootstrap.is_current("base")


def test_when_every_way_fails_each_reason_is_shown(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def install(_lock: str, way: str, _machine: Machine) -> None:
        raise CannotInstall(f"{way} has no network")

    monkeypatch.setattr(bootstrap, "look_around", lambda _environ: replace(BARE, uv="/bin/uv", has_ensurepip=True))
    monkeypatch.setattr(bootstrap, "install", install)

    assert bootstrap.main("base") == 1
    said = capsys.readouterr().err
    assert "uv has no network" in said
    assert "venv has no network" in said
    assert said.strip().endswith(bootstrap.UNREACHABLE)
    assert not bootstrap.is_current("base")


def test_an_environment_without_a_stamp_is_not_current(tree: Path) -> None:
    assert not bootstrap.is_current("base")


def test_an_installed_lock_is_not_installed_again(tree: Path) -> None:
    bootstrap.remember("base")

    assert bootstrap.is_current("base")
    assert bootstrap.main("base") == 0


def test_the_development_lock_contains_the_other_one(tree: Path) -> None:
    bootstrap.remember("dev")

    assert bootstrap.is_current("base")
    assert bootstrap.is_current("dev")


def test_the_base_lock_does_not_stand_for_the_development_lock(tree: Path) -> None:
    bootstrap.remember("base")

    assert not bootstrap.is_current("dev")


def test_a_changed_lock_is_installed_again(tree: Path) -> None:
    bootstrap.remember("base")

    (tree / "requirements" / "base.txt").write_text("base==2\n")

    assert not bootstrap.is_current("base")


def test_an_environment_whose_interpreter_is_gone_is_not_current(tree: Path) -> None:
    bootstrap.remember("base")

    bootstrap.PYTHON.unlink()
    bootstrap.PYTHON.symlink_to(tree / "removed-python")

    assert not bootstrap.is_current("base")


def test_an_environment_whose_interpreter_was_replaced_is_not_current(tree: Path) -> None:
    bootstrap.remember("base")
    (tree / "newer-python").touch()

    bootstrap.PYTHON.unlink()
    bootstrap.PYTHON.symlink_to(tree / "newer-python")

    assert not bootstrap.is_current("base")


def test_the_environment_names_the_index_before_any_file(tmp_path: Path) -> None:
    file = tmp_path / "pip.conf"
    file.write_text("[global]\nindex-url = https://file.example/simple\n")

    assert index_address({}, [file]) == "https://file.example/simple"
    assert index_address({"UV_INDEX_URL": "https://uv.example/simple"}, [file]) == "https://uv.example/simple"
    both = {"PIP_INDEX_URL": "https://pip.example/simple", "UV_INDEX_URL": "https://uv.example/simple"}
    assert index_address(both, [file]) == "https://pip.example/simple"


def test_the_strongest_configuration_file_names_the_index(tmp_path: Path) -> None:
    weak, strong, broken = tmp_path / "weak", tmp_path / "strong", tmp_path / "broken"
    weak.write_text("[global]\nindex-url = https://weak.example/simple\n")
    strong.write_text("[global]\nindex-url = https://strong.example/%(simple)s\n")
    broken.write_text("index-url\n")

    assert index_address({}, [weak, strong, broken, tmp_path / "absent"]) == "https://strong.example/%(simple)s"
    assert index_address({}, [weak]) == "https://weak.example/simple"


def test_a_machine_that_names_no_index_has_none() -> None:
    assert index_address({}, []) is None
    assert pip_configuration_files({"PIP_CONFIG_FILE": "/dev/null"}) == []


def test_pip_is_pinned_by_version_and_sum() -> None:
    wheel, sums = pinned_pip((ROOT / "requirements" / "pip.txt").read_text())

    assert wheel.startswith("pip-") and wheel.endswith("-py3-none-any.whl")
    assert sums and all(len(each) == hashlib.sha256().digest_size * 2 for each in sums)


@pytest.mark.parametrize(
    ("link", "address"),
    [
        (f"../../files/{WHEEL}#sha256=abc", f"https://index.example/files/{WHEEL}"),
        (f"https://files.example/{WHEEL}?signed=1", f"https://files.example/{WHEEL}?signed=1"),
        ("../../files/pip-9.0-py3-none-any.whl", None),
        (f"../../files/{WHEEL}.metadata", None),
    ],
)
def test_the_wheel_is_found_on_the_page_of_the_index(link: str, address: str | None) -> None:
    page = f'<!doctype html><a>nothing</a><a href="{link}">pip</a>'

    assert wheel_address("https://index.example/simple/pip/", page, WHEEL) == address


def test_a_wheel_with_another_sum_is_not_installed(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tree / "requirements" / "pip.txt"
    lock.write_text(f"pip==26.3 --hash=sha256:{hashlib.sha256(b'the real one').hexdigest()}\n")
    page = f'<a href="{WHEEL}">pip</a>'.encode()
    monkeypatch.setattr(bootstrap, "PIP_LOCK", lock)
    monkeypatch.setattr(bootstrap, "_download", lambda address: b"forged" if address.endswith(".whl") else page)

    with pytest.raises(CannotInstall, match="with the expected sum"):
        bootstrap._install_pip_wheel("https://index.example/simple", [])


def test_an_old_python_is_told_which_one_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))

    with pytest.raises(SystemExit, match=r"^Parlor needs Python 3\.11 or newer; this is 3\.9\.$"):
        runpy.run_path(str(ROOT / "platform" / "bootstrap.py"), run_name="__main__")


def test_the_locks_name_a_sum_for_every_package_and_no_index() -> None:
    for lock in ("base", "dev", "pip"):
        text = (ROOT / "requirements" / f"{lock}.txt").read_text().replace("\\\n", " ")
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]

        assert lines and all("==" in line and "--hash=sha256:" in line for line in lines), lock
        assert not [line for line in lines if line.startswith("-") or "://" in line], lock


def test_the_development_lock_pins_what_the_base_lock_pins() -> None:
    pins = {
        lock: {
            line.split(" ")[0]
            for line in (ROOT / "requirements" / f"{lock}.txt").read_text().splitlines()
            if "==" in line
        }
        for lock in ("base", "dev")
    }

    assert pins["base"] - pins["dev"] == set()


def test_make_explains_itself() -> None:
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert {"make run", "make test", "make check", "make lock"} <= {
        line[2:].split("  ")[0].strip() for line in said.splitlines()
    }
