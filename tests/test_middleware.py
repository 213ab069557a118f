"""What stands before every view."""

import pytest
from django.test import Client

from foundation.cache import JSONSerializer


@pytest.mark.django_db
def test_a_forgotten_slash_keeps_the_method() -> None:
    """With 301 a client repeats a POST as a GET, is answered 200, and believes that it posted."""
    answer = Client().post("/api/rooms/tea/messages", {"value": "hello"}, content_type="application/json")

    assert (answer.status_code, answer["Location"]) == (308, "/api/rooms/tea/messages/")


@pytest.mark.parametrize("value", [True, 7, [1700000000.25, 2], {"user": 1, "session": "abc"}])
def test_what_is_kept_for_a_moment_comes_back_as_it_was(value: object) -> None:
    serializer = JSONSerializer()

    assert serializer.loads(serializer.dumps(value)) == value


def test_a_pickle_is_not_run() -> None:
    with pytest.raises(ValueError):
        JSONSerializer().loads(b"cos\nsystem\n(S'true'\ntR.")
