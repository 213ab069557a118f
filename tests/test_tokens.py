"""Tokens: shown once, stored as a hash, good until they are revoked, and the same refusal for all that are not."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed

from accounts import tokens
from accounts.models import ApiToken, User
from foundation import limits
from foundation.errors import ChatError
from rooms.models import Room
from tests.sockets import HOST, opened

pytestmark = pytest.mark.django_db


def header(text: str) -> bytes:
    return f"Token {text}".encode()


def is_refused(text: str) -> bool:
    with pytest.raises(AuthenticationFailed) as refused:
        tokens.authenticate(header(text))
    return str(refused.value.detail) == "Sign in, or send a valid token."


def test_a_token_names_its_owner_and_only_its_hash_is_kept(ada: User) -> None:
    token, text = tokens.issue_token(actor=ada, name="my bot")

    assert text.startswith("parlor_")
    assert tokens.authenticate(header(text)) == (ada, token)
    stored = ApiToken.objects.values().get()
    assert stored["name"] == "my bot"
    assert text.removeprefix("parlor_")[8:] not in str(stored)


def test_a_revoked_token_is_refused(ada: User) -> None:
    token, text = tokens.issue_token(actor=ada, name="my bot")

    tokens.revoke_token(actor=ada, public_id=str(token.public_id))

    assert is_refused(text)


def test_a_token_of_a_disabled_account_is_refused(ada: User) -> None:
    _, text = tokens.issue_token(actor=ada, name="my bot")
    User.objects.update(is_active=False)

    assert is_refused(text)


def test_an_expired_token_is_refused(ada: User) -> None:
    _, text = tokens.issue_token(actor=ada, name="my bot")
    ApiToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))

    assert is_refused(text)


@pytest.mark.parametrize(
    "given",
    [b"", b"Token", b"Token ", b"Bearer %s", b"Basic %s", b"%s", b"Token %s x", b"Token %s,Token %s", b"Token  %s",
     b"Token %s\n", b"Token \xff\xfe", b"Token parlor_" + b"0" * 64, b"Token " + b"x" * 10_000],
)  # fmt: skip
def test_what_is_no_token_header_is_refused(ada: User, given: bytes) -> None:
    _, text = tokens.issue_token(actor=ada, name="my bot")

    with pytest.raises(AuthenticationFailed):
        tokens.authenticate(given.replace(b"%s", text.encode()))


def test_the_scheme_may_be_written_in_any_case(ada: User) -> None:
    token, text = tokens.issue_token(actor=ada, name="my bot")

    assert tokens.authenticate(f"tOKEN {text}".encode()) == (ada, token)


def test_checking_a_token_is_one_query_and_its_use_is_noted_once_a_minute(
    ada: User, django_assert_num_queries: object
) -> None:
    _, text = tokens.issue_token(actor=ada, name="my bot")
    assert ApiToken.objects.get().last_used_at is None, "premise: never used"

    tokens.authenticate(header(text))
    used = ApiToken.objects.get().last_used_at
    assert used is not None

    with django_assert_num_queries(1):  # type: ignore[operator]
        tokens.authenticate(header(text))
    assert ApiToken.objects.get().last_used_at == used

    ApiToken.objects.update(last_used_at=used - timedelta(minutes=1))
    tokens.authenticate(header(text))
    assert ApiToken.objects.get().last_used_at >= used


def test_the_51st_token_is_refused(ada: User, grace: User) -> None:
    for number in range(limits.TOKENS_PER_USER):
        tokens.issue_token(actor=ada, name=f"bot {number}")

    with pytest.raises(ChatError) as refused:
        tokens.issue_token(actor=ada, name="one more")

    assert (refused.value.code, refused.value.errors[0].code) == ("validation_error", "too_many")
    assert tokens.issue_token(actor=grace, name="hers"), "grace has places of her own"


@pytest.mark.parametrize(("name", "code"), [("", "blank"), (" ", "blank"), ("x" * 81, "max_length"), ("a\tb", None)])
def test_a_token_has_a_name(ada: User, name: str, code: str | None) -> None:
    with pytest.raises(ChatError) as refused:
        tokens.issue_token(actor=ada, name=name)

    assert (refused.value.errors[0].pointer, refused.value.errors[0].code) == ("/name", code or "control_character")


def test_nobody_revokes_the_token_of_another(ada: User, mallory: User) -> None:
    token, text = tokens.issue_token(actor=ada, name="my bot")

    for public_id in (str(token.public_id), "0", str(token.public_id).upper(), token.digest):
        with pytest.raises(ChatError, match="not_found"):
            tokens.revoke_token(actor=mallory, public_id=public_id)

    assert tokens.authenticate(header(text))


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_revoking_a_token_closes_its_sockets_and_no_others(ada: User, tea: Room) -> None:
    from asgiref.sync import sync_to_async

    revoked, text = await sync_to_async(tokens.issue_token)(actor=ada, name="my bot")
    _, other_text = await sync_to_async(tokens.issue_token)(actor=ada, name="another")

    async with (
        opened("/ws/chat/tea/", headers=[HOST, (b"authorization", header(text))]) as socket,
        opened("/ws/chat/tea/", headers=[HOST, (b"authorization", header(other_text))]) as other,
    ):
        await socket.next("hello")
        await other.next("hello")

        await sync_to_async(tokens.revoke_token)(actor=ada, public_id=str(revoked.public_id))

        assert await socket.closed(timeout=1) == 4401
        assert await other.sync() == tea.last_seq
