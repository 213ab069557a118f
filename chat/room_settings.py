"""The page of a room's settings: what it is, who is in it, and its end. `ACTIONS` is what its buttons do."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages as notes
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.models import User, public_user
from chat import banning, handing_over, inviting, preferring
from chat.new_room import KNOWN_SHOWN, form_context, room_fields
from chat.pages import ROOMS_PER_PAGE, complaints, draw, page, signed_in
from foundation.errors import ChatError, invalid
from rooms import lifecycle, membership, policies
from rooms.directory import acquaintances, members_of, room_as_listed, title_of
from rooms.models import Membership, Role
from rooms.policies import Access

Action = Callable[[HttpRequest, User, str], str]
ROLES = (Role.MEMBER, Role.MODERATOR, Role.OWNER)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    """What the room is and who is in it; a POST changes one thing, named by `do`."""
    actor = signed_in(request)
    access = policies.room_for(actor, slug)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            return redirect(_act(request, actor, slug))
        except ChatError as error:
            if error.refusal.status not in {400, 409} and error.code != "archived":
                raise
            errors = complaints(error)
    listed = room_as_listed(actor=actor, slug=slug)
    q = request.GET.get("q", "").replace("\0", "").strip()
    pages = Paginator(members_of(actor=actor, slug=slug, words=q), ROOMS_PER_PAGE).get_page(request.GET.get("page"))
    values = {field: getattr(listed, field) for field in lifecycle.CHANGEABLE}
    if errors:
        values |= request.POST.dict()
    context = {
        "access": access,
        "room": listed,
        "title": title_of(listed, actor),
        "pages": pages,
        "q": q,
        "members": [_row(each, access) for each in pages],
        "may_vanish": slug != lifecycle.LOBBY,
        "values": values,
        "errors": errors,
        "known": acquaintances(actor=actor, words="")[:KNOWN_SHOWN] if access.may("remove") else [],
        **preferring.listed(access),
        **inviting.listed(request, access),
        **banning.listed(request, access),
        **form_context(values),
    }
    return draw(request, "chat/settings.html", context, status=400 if errors else 200)


def _row(member: Membership, access: Access) -> dict[str, Any]:
    """A member with what the reader may do about them."""
    within_reach = member.user_id != access.user.pk and access.may_act_on(member.role)
    return {
        "who": public_user(member.user),
        "role": member.role,
        "has_read": member.user.read_receipts and member.messages_read >= access.room.message_count > 0,
        "roles": [role for role in ROLES if access.may_give(role)]
        if access.may("change_role") and within_reach
        else [],
        "removable": access.may("remove") and within_reach,
    }


def _act(request: HttpRequest, actor: User, slug: str) -> str:
    """Do what the pressed button says, and return the address to go on to."""
    action = ACTIONS.get(request.POST.get("do", ""))
    if action is None:
        raise ChatError("bad_request")
    return action(request, actor, slug)


def _update(request: HttpRequest, actor: User, slug: str) -> str:
    lifecycle.update_room(actor=actor, slug=slug, **room_fields(request))
    notes.success(request, "Saved.")
    return _back(slug)


def _archive(request: HttpRequest, actor: User, slug: str, *, archived: bool) -> str:
    lifecycle.update_room(actor=actor, slug=slug, archived=archived)
    notes.success(request, "The room is archived." if archived else "The room is open again.")
    return _back(slug)


def _add(request: HttpRequest, actor: User, slug: str) -> str:
    added = membership.add_member(actor=actor, slug=slug, username=username_of(request))
    notes.success(request, f"{added.user.display_name} is in.")
    return _back(slug, "#people")


def _remove(request: HttpRequest, actor: User, slug: str) -> str:
    username = username_of(request)
    membership.remove_member(actor=actor, slug=slug, username=username, reason=request.POST.get("reason", ""))
    notes.success(request, f"{username} was removed.")
    return _back(slug, "#people")


def _change_role(request: HttpRequest, actor: User, slug: str) -> str:
    role = request.POST.get("role", "")
    changed = membership.change_role(actor=actor, slug=slug, username=username_of(request), role=role)
    notes.success(request, f"{changed.user.display_name} is {'an' if role == Role.OWNER else 'a'} {role} now.")
    return _back(slug, "#people")


def _step_down(request: HttpRequest, actor: User, slug: str) -> str:
    membership.change_role(actor=actor, slug=slug, username=actor.username, role=Role.MEMBER)
    notes.success(request, "You are a member now.")
    return _back(slug)


def _join(request: HttpRequest, actor: User, slug: str) -> str:
    membership.join_room(actor=actor, slug=slug)
    return reverse("room", args=[slug])


def _leave(request: HttpRequest, actor: User, slug: str) -> str:
    membership.leave_room(actor=actor, slug=slug)
    return reverse("rooms")


def _delete(request: HttpRequest, actor: User, slug: str) -> str:
    access = policies.room_for(actor, slug)
    policies.require_right(access, "delete")
    name = access.room.name
    if " ".join(request.POST.get("sure", "").split()) != " ".join(name.split()):
        raise invalid("sure", "different", "That is not the name of this room.")
    lifecycle.delete_room(actor=actor, slug=slug)
    return reverse("rooms")


def username_of(request: HttpRequest) -> str:
    """The username of the form, as people type it."""
    return request.POST.get("username", "").strip().removeprefix("@").lower()


def _back(slug: str, place: str = "") -> str:
    return reverse("room_settings", args=[slug]) + place


# The name of the pressed button → what it does, and the address to go on to.
ACTIONS: dict[str, Action] = {
    "update": _update,
    "archive": partial(_archive, archived=True),
    "unarchive": partial(_archive, archived=False),
    "add": _add,
    "remove": _remove,
    "change_role": _change_role,
    "step_down": _step_down,
    "join": _join,
    "leave": _leave,
    "delete": _delete,
    **handing_over.ACTIONS,
    **preferring.ACTIONS,
    **inviting.ACTIONS,
    **banning.ACTIONS,
}
