"""The pages tell the truth: the promise, the protocol's tables, the settings, every path. The README's examples are run
in `test_readme.py`."""

import ast
import json
import re
from typing import Any

import msgspec
import pytest
from django.core.management import get_commands
from django.urls import resolve

from chat import commands, frames, inbox_frames
from foundation import limits
from foundation.errors import ERRORS
from rooms.events import ChangeFrame
from tests.servers import ROOT

DOCS = ROOT / "platform" / "docs"
README_MAX_LINES = 110

# Every sentence of the promise, and what proves it.
PROMISE = {
    "An acknowledged message is committed to disk, has exactly one sequence number in its room, and is never lost, "
    "changed or duplicated.": [
        "test_live.py::test_an_acknowledged_message_survives_a_kill_and_a_resume_misses_nothing",
        "test_consumer.py::test_an_ack_comes_after_the_commit",
        "test_posting.py::test_a_text_is_stored_as_it_is",
    ],
    "A room's sequence numbers are 1, 2, 3 … without holes, and their order is the order for everyone, over REST and "
    "WebSocket, from whichever worker.": [
        "test_posting.py::test_many_writers_at_once_make_one_dense_sequence",
        "test_posting.py::test_messages_and_changes_share_one_sequence_without_holes",
        "test_posting.py::test_a_refused_message_uses_no_number",
        "test_live.py::test_a_message_crosses_from_one_process_to_the_other",
        "test_live.py::test_a_process_without_redis_still_hears_everything_from_the_log",
    ],
    "A socket receives them strictly contiguously from the position it asked for, or is closed with a code that says "
    "why.": [
        "test_hub.py::test_entries_are_delivered_in_order_and_once",
        "test_hub.py::test_a_hint_that_overtakes_another_waits_for_the_log",
        "test_hub.py::test_a_lost_hint_is_found_by_the_reconcile_loop",
        "test_consumer.py::test_a_long_absence_is_read_from_the_log",
        "test_consumer.py::test_a18_a_position_beyond_the_end_is_refused",
        "test_consumer.py::test_a19_a_position_of_another_epoch_is_refused",
    ],
    "A client that reconnects with its last position misses nothing.": [
        "test_hub.py::test_a_reader_joins_between_history_and_live_without_a_gap",
        "test_consumer.py::test_a_client_resumes_from_its_position_without_a_gap",
        "test_readme.py::test_the_python_example_speaks_listens_and_resumes",
    ],
    "Repeating a send with the same `client_id` gives the same message.": [
        "test_posting.py::test_the_same_client_id_gives_the_same_message",
        "test_posting.py::test_the_same_client_id_with_another_text_is_refused",
        "test_consumer.py::test_a_repeated_send_is_acknowledged_and_not_delivered_twice",
    ],
    "Whoever loses access hears nothing more, within a second.": [
        "test_hub.py::test_a_removed_person_hears_nothing_after_the_removal",
        "test_consumer.py::test_a_removed_member_hears_nothing_more",
        "test_consumer.py::test_logout_closes_the_socket",
        "test_consumer.py::test_a_room_made_private_keeps_only_its_members",
        "test_tokens.py::test_revoking_a_token_closes_its_sockets_and_no_others",
        "test_accounts.py::test_a_new_password_and_a_disabled_account_close_all_sockets",
        "test_live.py::test_presence_and_removal_cross_too",
    ],
}


def page(name: str) -> str:
    return (ROOT / name).read_text()


def section(text: str, heading: str) -> str:
    """What stands between a `## heading` and the next."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found, heading
    return found[1]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def table(text: str) -> list[list[str]]:
    """The rows of the tables in it, without backticks."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip().replace("`", "") for cell in line.strip("|").split(" |")] for line in lines]


def pages() -> list[str]:
    return ["README.md", "CHANGELOG.md", "SECURITY.md", *(f"platform/docs/{path.name}" for path in DOCS.glob("*.md"))]


# The README


def test_the_readme_prints_the_promise_word_for_word() -> None:
    bold = re.findall(r"\*\*(.+?)\*\*", section(page("README.md"), "The promise"), re.DOTALL)

    assert [" ".join(text.split()) for text in bold] == [" ".join(PROMISE)]


@pytest.mark.parametrize("test_id", sorted({test_id for proofs in PROMISE.values() for test_id in proofs}))
def test_what_proves_the_promise_is_there(test_id: str) -> None:
    file, name = test_id.split("::")
    module = ast.parse(page(f"tests/{file}"))

    assert name in {getattr(node, "name", "") for node in module.body}


def test_the_readme_is_short() -> None:
    assert len(page("README.md").splitlines()) <= README_MAX_LINES


# The protocol


def examples(heading: str) -> list[str]:
    """The frames shown in a section, one a line."""
    shown = blocks(section(page("platform/docs/protocol.md"), heading), "json")
    return [line for block in shown for line in block.splitlines()]


# Those of the inbox are among them once their module is imported.
assert inbox_frames.Inbox in frames._Frame.__subclasses__()
SENT = [*frames._Frame.__subclasses__(), *ChangeFrame.__args__]


@pytest.mark.parametrize("frame_type", SENT, ids=lambda frame_type: frame_type.__name__)
def test_every_frame_of_the_server_is_shown_with_all_its_keys(frame_type: Any) -> None:
    tag = frame_type.__struct_config__.tag
    keys = {"type", *frame_type.__struct_fields__}
    needed = {field.encode_name for field in msgspec.structs.fields(frame_type) if field.required}
    shown = [json.loads(line) for line in examples("Frames from the server")]

    mine = [frame for frame in shown if frame["type"] == tag]

    assert mine, f"protocol.md has no example of {tag}"
    assert set().union(*mine) == keys
    for frame in mine:
        msgspec.convert(frame, frame_type)
        assert (needed if frame_type.__struct_config__.omit_defaults else keys) <= frame.keys()


def test_no_frame_is_shown_that_does_not_exist() -> None:
    shown = {json.loads(line)["type"] for line in examples("Frames from the server")}

    assert shown == {frame_type.__struct_config__.tag for frame_type in SENT}


def test_every_frame_of_a_client_is_shown_and_accepted() -> None:
    shown = [commands.parse(line) for line in examples("Frames from the client")]

    assert {type(command) for command in shown} == set(commands.COMMANDS.values())


def test_every_error_stands_in_the_protocol_with_its_status_and_close_code() -> None:
    rows = table(section(page("platform/docs/protocol.md"), "Errors"))[1:]

    assert rows == [
        [code, str(row.status), str(row.close or "–"), "yes" if row.retry else "no", row.title]
        for code, row in ERRORS.items()
    ]


def test_every_close_code_has_a_rule_for_coming_back() -> None:
    rows = table(section(page("platform/docs/protocol.md"), "Close codes"))[1:]
    shown = {(close, code) for close, codes, _, rule in rows for code in codes.split(", ") if rule}

    assert {(str(row.close), code) for code, row in ERRORS.items() if row.close} <= shown
    assert {code for _, code in shown} - {"–"} <= set(ERRORS)


def test_every_limit_stands_in_the_protocol_with_its_value() -> None:
    rows = {row[0]: row[1] for row in table(section(page("platform/docs/protocol.md"), "Limits"))[1:]}
    held = {name: getattr(limits, name) for name in vars(limits) if name.isupper()}

    assert rows.keys() == held.keys()
    for name, value in held.items():
        shown = value.pattern.removesuffix(r"\Z") if isinstance(value, re.Pattern) else f"{value:,}".removesuffix(".0")
        assert rows[name].split(" ")[0] == shown, name


def test_every_route_that_the_protocol_names_is_there_with_its_method() -> None:
    named = [cell for cell, _ in table(section(page("platform/docs/protocol.md"), "The same over REST"))[1:]]
    asked: list[tuple[str, str]] = []
    for words in (each.split() for cell in named for each in cell.split(", ")):
        asked.append((words[0], words[1] if len(words) > 1 else asked[-1][1]))  # "GET rooms/{slug}/, PATCH"

    for method, route in asked:
        address = route.replace("{seq}", "1").replace("{", "").replace("}", "")
        view = resolve(f"/api/{address}").func.view_class  # type: ignore[attr-defined]
        assert hasattr(view, method.lower()), (method, route)


# Hosting and developing


def test_every_setting_is_explained() -> None:
    read = set(re.findall(r'\b(?:env\.\w+|switch|number|rates)\(\s*"(\w+)"', page("platform/config/settings.py")))
    rows = table(section(page("platform/docs/self-hosting.md"), "Production"))

    assert read, "settings.py reads nothing?"
    assert {row[0] for row in rows if row[0].isupper()} == read


@pytest.mark.parametrize("name", pages())
def test_every_path_that_a_page_names_is_there(name: str) -> None:
    text = re.sub(r"```.*?```", "", page(name), flags=re.DOTALL)
    linked = {target for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in target}
    tops = "platform|rooms|chat|api|tests|requirements"
    named = set(re.findall(rf"`((?:{tops})/[\w./-]+|openapi\.yaml|asyncapi\.yaml|pyproject\.toml)`", text))

    missing = [target for target in linked if not ((ROOT / name).parent / target).exists()]
    missing += [path for path in named if not (ROOT / path).exists()]

    assert missing == []


@pytest.mark.parametrize("name", pages())
def test_every_command_that_a_page_names_is_there(name: str) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", page("Makefile"), re.MULTILINE))
    code = " ; ".join(re.findall(r"`([^`\n]+)`", page(name)) + blocks(page(name), "sh"))

    asked = set(re.findall(r"(?:^|[;\s])make ([a-z-]+)", code))
    managed = set(re.findall(r"manage\.py ([a-z_]+)", code))

    assert asked <= targets
    assert managed <= set(get_commands())
