"""The theme of a page, from the request that asks for it; error pages may have none."""

from typing import Any

from django import template

from chat.theme import theme_of

register = template.Library()


@register.simple_tag(takes_context=True)
def theme(context: dict[str, Any]) -> str:
    """What was chosen on this device; empty where the system decides."""
    return theme_of(context.get("request"))
