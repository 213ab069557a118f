"""Makes the virtual environment that everything else runs in: `python3 platform/bootstrap.py base|dev`.

Called by the Makefile before any dependency exists, so it imports the standard library only. It tries the ways that
this machine offers, in the order of `ways`, installs the lock with its hashes, and does nothing while the lock that is
stamped inside the environment is the lock of the tree. Registries come from the configuration of pip and uv, never from here.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - an older Python has to be able to read this far
    sys.exit("Parlor needs Python 3.11 or newer; this is {}.{}.".format(*sys.version_info[:2]))

import configparser
import hashlib
import html.parser
import importlib.util
import os
import shutil
import subprocess
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = {"base": ROOT / "requirements" / "base.txt", "dev": ROOT / "requirements" / "dev.txt"}
CONTAINS = {"base": ["base"], "dev": ["base", "dev"]}
PIP_LOCK = ROOT / "requirements" / "pip.txt"
DOWNLOAD_TIMEOUT_S = 60
MISSING = (
    "This Python cannot make a virtual environment. Install what it lacks (Debian, Ubuntu: apt install python3-venv)."
)
UNREACHABLE = "The packages could not be installed. The first start needs a package index; later ones work offline."
PROBE = "import os, sys, sysconfig; sys.exit(sys.version_info < (3, 11) or not os.path.isdir(sysconfig.get_path('purelib')))"


class CannotInstall(Exception):
    """One way of installing did not work; the text says why."""


@dataclass(frozen=True)
class Machine:
    """What this machine offers to make an environment with."""

    uv: str | None
    has_venv: bool
    has_ensurepip: bool
    pip_version: tuple[int, ...]
    index: str | None


def ways(machine: Machine) -> list[str]:
    """The ways to try, best first; empty when something has to be installed by hand."""
    offers = {
        "uv": bool(machine.uv),
        "venv": machine.has_venv and machine.has_ensurepip,
        "outer pip": machine.has_venv and machine.pip_version >= (22, 3),  # the first with `pip --python`
        "pip wheel": machine.has_venv and bool(machine.index),
    }
    return [way for way, offered in offers.items() if offered]


def look_around(environ: Mapping[str, str]) -> Machine:
    return Machine(
        uv=shutil.which("uv", path=environ.get("PATH")),
        has_venv=importlib.util.find_spec("venv") is not None,
        has_ensurepip=importlib.util.find_spec("ensurepip") is not None,
        pip_version=_outer_pip_version(),
        index=index_address(environ, pip_configuration_files(environ)),
    )


def _outer_pip_version() -> tuple[int, ...]:
    if importlib.util.find_spec("pip") is None:
        return ()
    said = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, text=True, check=False)
    words = said.stdout.split()
    return tuple(int(part) for part in words[1].split(".") if part.isdigit()) if len(words) > 1 else ()


def pip_configuration_files(environ: Mapping[str, str]) -> list[Path]:
    """Where pip reads its configuration, weakest first."""
    named = environ.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return []
    home = Path(environ.get("HOME", "/"))
    config_home = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    files = [Path("/etc/xdg/pip/pip.conf"), Path("/etc/pip.conf"), home / ".pip/pip.conf", config_home / "pip/pip.conf"]
    return files + ([Path(named)] if named else [])


def index_address(environ: Mapping[str, str], files: Iterable[Path]) -> str | None:
    """The package index that this machine is configured for, if it names one."""
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        if environ.get(name):
            return environ[name]
    found = None
    for file in files:
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read(file)
        except (configparser.Error, OSError, UnicodeDecodeError):
            continue
        for section in ("global", "install"):
            found = parser.get(section, "index-url", fallback=found)
    return found


def stamp(lock: str, interpreter: str) -> str:
    """What the environment remembers of an installed lock: its hash, and the interpreter that it was installed for."""
    return f"{lock} {hashlib.sha256(LOCKS[lock].read_bytes()).hexdigest()} {interpreter}"


def is_current(lock: str) -> bool:
    """Whether the environment holds exactly this lock, for the interpreter that it would run on."""
    remembered = VENV / "parlor-lock"
    if not PYTHON.exists() or not remembered.exists():  # exists() is False for a link whose interpreter is gone
        return False
    return stamp(lock, str(PYTHON.resolve())) in remembered.read_text().splitlines()


def remember(lock: str) -> None:
    interpreter = str(PYTHON.resolve())
    (VENV / "parlor-lock").write_text("".join(stamp(each, interpreter) + "\n" for each in CONTAINS[lock]))


def install(lock: str, way: str, machine: Machine) -> None:
    """Makes the environment where there is none, and installs the lock in it. Raises CannotInstall."""
    requirements = ["--require-hashes", "-r", str(LOCKS[lock])]
    if way == "uv":
        assert machine.uv is not None
        _make_environment([machine.uv, "venv", "--quiet", "--python", sys.executable, str(VENV)])
        _run([machine.uv, "pip", "install", "--quiet", "--python", str(PYTHON), *requirements])
        return
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    if way == "outer pip":
        _make_environment([sys.executable, "-m", "venv", "--without-pip", str(VENV)])
        _run([sys.executable, "-m", "pip", "--python", str(PYTHON), "install", *quiet, *requirements])
        return
    if way == "venv":
        _make_environment([sys.executable, "-m", "venv", str(VENV)])
        if not _has_pip():
            _run([str(PYTHON), "-m", "ensurepip", "--default-pip"])
    else:
        _make_environment([sys.executable, "-m", "venv", "--without-pip", str(VENV)])
        if not _has_pip():
            _install_pip_wheel(machine.index or "", quiet)
    _run([str(PYTHON), "-m", "pip", "install", *quiet, *requirements])


def _make_environment(command: list[str]) -> None:
    """Runs the command that creates the environment, unless there is one that works."""
    if PYTHON.exists() and (VENV / "pyvenv.cfg").exists() and _works(PYTHON):
        return
    if VENV.exists():
        shutil.rmtree(VENV)
    _run(command)


def _works(python: Path) -> bool:
    """Whether the environment's interpreter runs, is new enough, and still finds the folder its packages are in."""
    return subprocess.run([str(python), "-c", PROBE], capture_output=True, check=False).returncode == 0


def _has_pip() -> bool:
    return subprocess.run([str(PYTHON), "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0


def _run(command: list[str]) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if line.strip()]
        raise CannotInstall("\n".join(lines[-8:]))


class _Links(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value for name, value in attrs if tag == "a" and name == "href" and value]


def pinned_pip(lock: str) -> tuple[str, set[str]]:
    """The wheel that requirements/pip.txt names, and the SHA-256 sums it allows."""
    words = lock.split()
    version = next(word.removeprefix("pip==") for word in words if word.startswith("pip=="))
    return f"pip-{version}-py3-none-any.whl", {
        w.removeprefix("--hash=sha256:") for w in words if w.startswith("--hash")
    }


def wheel_address(index: str, page: str, wheel: str) -> str | None:
    """The address of the wheel on an index's page, which is read as PEP 503 says."""
    links = _Links()
    links.feed(page)
    for address in links.addresses:
        whole = urllib.parse.urljoin(index, address)
        if urllib.parse.unquote(urllib.parse.urlsplit(whole).path).rsplit("/", 1)[-1] == wheel:
            return urllib.parse.urldefrag(whole).url
    return None


def _install_pip_wheel(index: str, quiet: list[str]) -> None:
    """Downloads the pinned pip from the machine's own index, checks its sum, and lets it install itself."""
    wheel, sums = pinned_pip(PIP_LOCK.read_text())
    page = index.rstrip("/") + "/pip/"
    try:
        address = wheel_address(page, _download(page).decode(), wheel)
        content = _download(address) if address else b""
    except (OSError, ValueError) as error:
        raise CannotInstall(f"The configured package index does not answer: {error}") from error
    if hashlib.sha256(content).hexdigest() not in sums:
        raise CannotInstall(f"The configured package index has no {wheel} with the expected sum.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / wheel
        path.write_bytes(content)
        _run([str(PYTHON), f"{path}/pip", "install", "--no-index", *quiet, str(path)])


def _download(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=DOWNLOAD_TIMEOUT_S) as answer:
        content: bytes = answer.read()
    return content


def main(lock: str) -> int:
    if is_current(lock):
        return 0
    machine = look_around(os.environ)
    print(f"Installing {LOCKS[lock].relative_to(ROOT)} into .venv …", flush=True)
    failures = []
    for way in ways(machine):
        try:
            install(lock, way, machine)
        except CannotInstall as error:
            failures.append(f"With {way}:\n{error}")
            continue
        remember(lock)
        return 0
    print("\n".join([*failures, UNREACHABLE if failures else MISSING]), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "base"))
