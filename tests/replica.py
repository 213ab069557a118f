"""What a client has to do with the frames of a log, as `platform/docs/protocol.md` says, and nothing else."""

import copy
from typing import Any

Frame = dict[str, Any]
KEPT_OF_DELETED = {
    *("type", "room", "seq", "user", "sent_at", "client_id"),
    *("reply_to", "thread", "nth", "reply_count", "last_reply"),
}


class Replica:
    """A room as a client sees it: messages by number, members by username, and what the room is like."""

    def __init__(self, messages: list[Frame], members: dict[str, str], room: Frame) -> None:
        self.messages = {message["seq"]: copy.deepcopy(message) for message in messages}
        self.members = dict(members)
        self.room = dict(room)

    def take(self, frame: Frame) -> None:
        """Take in one entry of the log."""
        getattr(self, "_" + frame["type"].replace(".", "_"))(copy.deepcopy(frame))

    def _message(self, frame: Frame) -> None:
        self.messages[frame["seq"]] = frame
        root = self.messages.get(frame.get("thread", 0))
        if root is not None and root.get("reply_count", 0) < frame["nth"]:
            root |= {"reply_count": frame["nth"], "last_reply": frame["seq"]}

    def _message_edited(self, frame: Frame) -> None:
        message = self.messages[frame["message"]]
        message |= {"value": frame["value"], "html": frame["html"], "mentions": frame["mentions"]}
        message["edited_at"] = frame["at"]
        self._without_defaults(message)

    def _message_deleted(self, frame: Frame) -> None:
        for seq in frame["messages"]:
            left = {key: value for key, value in self.messages[seq].items() if key in KEPT_OF_DELETED}
            self.messages[seq] = {**left, "value": "", "deleted": True}

    def _reaction_added(self, frame: Frame) -> None:
        """Whoever reacts comes last among their like; an emoji that nobody had comes last of all."""
        reactions, users = self._reaction(frame)
        users.append(frame["actor"]["id"])
        if frame["count"] == 1:
            reactions.append(reactions.pop(self._place(reactions, frame["emoji"])))
        self._counted(frame, reactions)

    def _reaction_removed(self, frame: Frame) -> None:
        reactions, _ = self._reaction(frame)
        self._counted(frame, reactions)

    def _reaction(self, frame: Frame) -> tuple[list[Frame], list[int]]:
        """The reactions of the message, and who put this one there besides the actor."""
        reactions = self.messages[frame["message"]].setdefault("reactions", [])
        place = self._place(reactions, frame["emoji"])
        if place == len(reactions):
            reactions.append({"emoji": frame["emoji"], "count": 0, "users": []})
        users = reactions[place]["users"] = [each for each in reactions[place]["users"] if each != frame["actor"]["id"]]
        return reactions, users

    def _counted(self, frame: Frame, reactions: list[Frame]) -> None:
        reactions[self._place(reactions, frame["emoji"])]["count"] = frame["count"]
        message = self.messages[frame["message"]]
        message["reactions"] = [each for each in reactions if each["count"]]
        self._without_defaults(message)

    @staticmethod
    def _place(reactions: list[Frame], emoji: str) -> int:
        return next((place for place, each in enumerate(reactions) if each["emoji"] == emoji), len(reactions))

    def _pin_added(self, frame: Frame) -> None:
        self.messages[frame["message"]]["pinned_at"] = frame["at"]

    def _pin_removed(self, frame: Frame) -> None:
        self.messages[frame["message"]].pop("pinned_at", None)

    def _member_joined(self, frame: Frame) -> None:
        self.members[frame["user"]["username"]] = frame["role"]

    _member_updated = _member_joined

    def _member_left(self, frame: Frame) -> None:
        self.members.pop(frame["user"]["username"], None)

    def _member_banned(self, frame: Frame) -> None:
        self.members.pop(frame["user"]["username"], None)

    def _room_updated(self, frame: Frame) -> None:
        self.room |= frame["changes"]

    @staticmethod
    def _without_defaults(message: Frame) -> None:
        for key in ("html", "mentions", "reactions"):
            if not message.get(key):
                message.pop(key, None)
