"""What is bounded, and that it is told as it is."""

from typing import Any

import pytest
from django.test import Client

from api.limits import SIZES
from chat.texts import checked_text
from foundation import limits, rates
from foundation.errors import ChatError


@pytest.fixture
def told(settings: Any, db: None) -> dict[str, Any]:
    settings.RATES = {name: (number, 60) for number, name in enumerate(rates.NAMES, 1)}
    answer = Client().get("/api/limits/")
    assert answer.status_code == 200, "a guest may know"
    return dict(answer.json())


def test_every_size_is_the_one_that_holds(told: dict[str, Any]) -> None:
    assert told["sizes"] == {name.lower(): getattr(limits, name) for name in SIZES}
    with pytest.raises(ChatError, match="message_too_long"):
        checked_text("x" * (int(told["sizes"]["message_max_chars"]) + 1))


def test_every_rate_is_the_one_that_is_set(told: dict[str, Any]) -> None:
    ours = {each["name"]: (each["count"], each["seconds"]) for each in told["rates"] if each["name"] in rates.NAMES}

    assert ours == {name: (number, 60) for number, name in enumerate(rates.NAMES, 1)}
    assert all(each["what"] and each["per"] in {"person", "room", "address", "username"} for each in told["rates"])


def test_signing_in_and_up_are_bounded_as_allauth_does_it(told: dict[str, Any]) -> None:
    found = {(each["name"], each["per"], each["count"], each["seconds"]) for each in told["rates"]}

    assert {
        ("login_failed", "address", 10, 60),
        ("login_failed", "username", 5, 300),
        ("signup", "address", 20, 60),
    } <= found


def test_without_bounds_nothing_is_told_of_them(settings: Any, client: Client, db: None) -> None:
    settings.RATES = {}

    assert {each["name"] for each in client.get("/api/limits/").json()["rates"]} == {"login", "login_failed", "signup"}
