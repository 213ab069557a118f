"""Files on their way: uploaded by a command, and read as a browser does."""

import io
from typing import Any

from asgiref.sync import async_to_sync
from django.core.files.storage import default_storage
from django.test import Client

from accounts.models import User
from chat.attaching import upload
from chat.drafts import Posted
from chat.models import Attachment
from chat.posting import post_message
from foundation.errors import ChatError
from tests.pictures import photo

TEXT = b"Darjeeling, two spoons.\n" * 10


def uploaded(
    actor: User, data: bytes = TEXT, name: str = "notes.txt", slug: str = "tea", type_: str = ""
) -> Attachment:
    return upload(actor=actor, slug=slug, file=io.BytesIO(data), name=name, size=len(data), declared_type=type_)


def uploaded_photo(actor: User, slug: str = "tea") -> Attachment:
    return uploaded(actor, photo(), "pot.jpg", slug)


def id_of(attachment: Attachment) -> str:
    return str(attachment.public_id)


def post(
    actor: User, *attachments: Attachment, text: str = "", client_id: str | None = None, slug: str = "tea"
) -> Posted:
    """Post a message with these files."""
    ids = [id_of(each) for each in attachments]
    return post_message(actor=actor, slug=slug, text=text, client_id=client_id, attachments=ids)


def files_of(attachment: Attachment) -> list[str]:
    """Which of its files are there."""
    return [name for name in (attachment.file, attachment.thumbnail) if name and default_storage.exists(name)]


def code_of(outcome: Any) -> str:
    assert isinstance(outcome, ChatError), outcome
    return outcome.code


def fetched(user: User | None, path: str, **headers: str) -> Any:
    """What a browser of this person's gets; `body` is all of it."""
    client = Client(headers={name.replace("_", "-"): value for name, value in headers.items()})
    if user is not None:
        client.force_login(user, backend="accounts.backend.Backend")
    answer: Any = client.get(path)
    answer.body = async_to_sync(whole)(answer) if answer.streaming else answer.content
    return answer


async def whole(answer: Any) -> bytes:
    return b"".join([piece async for piece in answer])
