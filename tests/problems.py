"""The one shape of a refusal over REST, for tests."""

import json
from typing import Any

import pytest

from foundation.errors import ERRORS
from foundation.limits import BODY_MAX_BYTES

MESSAGES = "/api/rooms/tea/messages/"
PADDED = b'{"value": "hello"' + b" " * BODY_MAX_BYTES + b"}"
SECRET = "do-not-repeat-me"


def check_problem(answer: Any, status: int, code: str, field: str | None = None) -> dict[str, Any]:
    """The answer is this problem, whole and in the one shape; `field` is the code beside the first pointer."""
    problem: dict[str, Any] = json.loads(answer.content)
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["status"] == status == ERRORS[code].status
    assert problem["title"] == ERRORS[code].title
    assert {"type", "title", "status", "code", "detail", "errors"} <= problem.keys()
    assert problem.keys() <= {"type", "title", "status", "code", "detail", "errors", "retry_after_ms", "head", "epoch"}
    assert all(error.keys() == {"pointer", "code", "detail"} for error in problem["errors"])
    if field is not None:
        assert problem["errors"][0]["code"] == field, problem
    assert SECRET not in answer.content.decode()
    return problem


def row(number: str, body: Any, *expected: Any) -> Any:
    return pytest.param(body, expected, id=number)
