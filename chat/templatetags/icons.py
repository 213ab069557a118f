"""Icons, all from one file. Templates have `{% icon "pin" %}` without loading it."""

from functools import cache

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw the icon of this name, for whoever sees; what it means is said beside it."""
    return _drawn(static("chat/icons.svg"), name)


@cache
def _drawn(address: str, name: str) -> SafeString:
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', address, name)
