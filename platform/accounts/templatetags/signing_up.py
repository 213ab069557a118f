"""Whether pages offer to open an account."""

from django import template

from accounts import signup

register = template.Library()


@register.simple_tag
def signup_is_open() -> bool:
    return signup.is_open()
