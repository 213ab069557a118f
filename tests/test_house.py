"""The house stands as `platform/docs/development.md` draws it: what no linter knows about names, sizes and places."""

import ast
import os
import platform
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("platform/config", "platform/accounts", "platform/foundation", "rooms", "chat", "api")
AT_THE_ROOT = {
    *("manage.py", "platform", "rooms", "chat", "api", "tests", "openapi.yaml"),
    *("asyncapi.yaml", "requirements", "pyproject.toml", "Makefile", ".ci", ".gitignore", ".pre-commit-config.yaml"),
    *("README.md", "CHANGELOG.md", "LICENSE", "SECURITY.md"),
}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "services", "common", "core", "managers", "signals", "misc"}
WRITES = {"save", "create", "delete", "bulk_create", "get_or_create", "update_or_create"}
FILE_MAX_LINES = 300
FUNCTION_MAX_LINES = 40
SCRIPT_MAX_LINES = 250


@cache
def tree() -> list[Path]:
    """Every file that is, or is about to be, in the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.fail("The house is read with git, and git does not know this folder.")
    return sorted(path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file())


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def python_files(*folders: str) -> Iterator[Path]:
    for path in tree():
        if path.suffix == ".py" and "migrations" not in path.parts and named(path).startswith(folders or ("",)):
            yield path


def lines_of(path: Path) -> int:
    return len(path.read_text().splitlines())


def calls_in(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def method_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def test_platform_is_a_folder_and_the_standard_library_keeps_the_name() -> None:
    assert not (ROOT / "platform" / "__init__.py").exists()
    assert platform.__file__ is not None
    assert Path(platform.__file__).parent == Path(sysconfig.get_path("stdlib"))


def test_manage_py_leaves_the_standard_library_its_platform() -> None:
    program = (
        "import manage, sys; sys.argv = ['manage.py', 'version']; manage.main(); import platform, uuid; platform.node()"
    )

    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_the_root_holds_what_was_agreed_and_nothing_else() -> None:
    assert {named(path).split("/")[0] for path in tree()} - AT_THE_ROOT == set()


def test_no_python_file_is_over_300_lines() -> None:
    assert {named(path): lines_of(path) for path in python_files() if lines_of(path) > FILE_MAX_LINES} == {}


def test_no_script_of_the_page_is_over_250_lines() -> None:
    scripts = [path for path in tree() if path.suffix in {".js", ".mjs"}]

    assert {named(path): lines_of(path) for path in scripts if lines_of(path) > SCRIPT_MAX_LINES} == {}


def test_no_function_is_over_40_lines() -> None:
    long = {}
    for path in python_files("platform/", "rooms/", "chat/", "api/", "manage.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                length = node.end_lineno - node.lineno + 1
                if length > FUNCTION_MAX_LINES:
                    long[f"{named(path)}:{node.name}"] = length

    assert long == {}


def test_no_module_is_a_bucket() -> None:
    in_house = [path.relative_to(ROOT) for path in python_files()]

    assert [str(path) for path in in_house if {*path.parts[:-1], path.stem} & FORBIDDEN_NAMES] == []


def test_every_package_is_a_package_and_every_other_folder_is_not() -> None:
    assert [name for name in PACKAGES if not (ROOT / name / "__init__.py").is_file()] == []
    assert not (ROOT / "tests" / "__init__.py").exists()


def test_only_the_floor_sends_to_the_channel_layer() -> None:
    ours = python_files(*(f"{package}/" for package in PACKAGES))
    senders = {named(path) for path in ours for call in calls_in(path) if method_of(call) == "group_send"}

    assert {name for name in senders if not name.startswith("platform/foundation/")} == set()


def test_views_and_the_consumer_never_write_to_the_database() -> None:
    doors = python_files("api/", "chat/consumer.py", "chat/live.py", "chat/pages.py")
    writes = [
        f"{named(path)}:{call.lineno} .{method_of(call)}()"
        for path in doors
        for call in calls_in(path)
        if method_of(call) in WRITES
    ]

    assert writes == []


def test_no_model_overrides_save() -> None:
    overrides = [
        f"{named(path)}:{node.lineno}"
        for path in python_files(
            "platform/accounts/models", "platform/foundation/models", "rooms/models", "chat/models"
        )
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name == "save"
    ]

    assert overrides == []


def test_no_file_names_a_registry_or_a_place_on_somebodys_machine() -> None:
    # Put together from halves, so that this file does not name them either.
    hosts = ["pypi" + ".org", "python" + "hosted.org", "registry" + ".npmjs", "npmjs" + ".com", "deb" + ".debian.org"]
    places = ["/ro" + "ot/", "/wo" + "rk/", f"{ROOT}/", *([f"{Path.home()}/"] if len(Path.home().parts) > 1 else [])]
    pattern = re.compile("|".join([*map(re.escape, hosts), *(rf"(?<![\w.}}]){re.escape(place)}" for place in places)]))
    found = []
    for path in tree():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue  # a picture
        found += [f"{named(path)}: {match.group()}" for match in pattern.finditer(text)]

    assert found == []


def test_the_layers_are_kept() -> None:
    paths = [str(ROOT / "platform"), str(ROOT), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    checker = Path(sys.executable).with_name("lint-imports")

    done = subprocess.run(
        [checker, "--no-cache"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
