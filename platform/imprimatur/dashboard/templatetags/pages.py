"""What the templates need beyond Django's own tags: icons, state chips, dates as each language writes them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

from django import template
from django.forms import BoundField, Textarea
from django.http import QueryDict
from django.templatetags.static import static
from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from imprimatur.dashboard.presentation import look
from imprimatur.prompts.models import PromptTemplate
from imprimatur.prompts.wording import SUBJECTS

register = template.Library()

_DAY = {"en": "j M Y", "ja": "Y年n月j日"}
_MOMENT = {"en": "j M Y, H:i", "ja": "Y年n月j日 H:i"}
_WIDGET_CLASSES = {
    "checkbox": "checkbox checkbox-sm mt-0.5",
    "select": "select",
    "file": "file-input",
    "textarea": "textarea",
}


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """A decorative icon from the sprite: the word beside it carries the meaning."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        css,
        static("icons.svg"),
        name,
    )


@register.simple_tag
def chip(kind: str, value: str) -> SafeString:
    """A state as icon and word."""
    shown = look(kind, value)
    return format_html(
        '<span class="chip{}">{}<span>{}</span></span>',
        f" tone-{shown.tone}" if shown.tone else "",
        icon(shown.icon),
        shown.label,
    )


@register.simple_tag
def tone_of(kind: str, value: str) -> str:
    """The CSS class of a state's tone, or nothing."""
    tone = look(kind, value).tone
    return f"tone-{tone}" if tone else ""


@register.simple_tag
def icon_of(kind: str, value: str) -> str:
    """The icon's name of a state."""
    return look(kind, value).icon


@register.simple_tag
def look_word(kind: str, value: str) -> str:
    """The word of a state alone."""
    return str(look(kind, value).label)


@register.filter
def day(value: date | datetime | None) -> str:
    """24 Nov 2026, or 2026年11月24日."""
    return _written(value, _DAY)


@register.filter
def last_day(value: datetime | None) -> str:
    """The last whole day before an end that is not included."""
    return _written(value - timedelta(seconds=1) if value else None, _DAY)


@register.filter
def moment(value: datetime | None) -> str:
    """24 Nov 2026, 10:15, or 2026年11月24日 10:15, in the office's time."""
    return _written(value, _MOMENT)


@register.filter
def label(value: Any) -> str:
    """The label of a bilingual {"en": .., "ja": ..}, in the reader's language; English when the other is missing."""
    if not isinstance(value, dict):
        return str(value)
    return str(value.get(_language()) or value.get("en") or "")


@register.filter
def named(value: PromptTemplate) -> str:
    """A template's name in the reader's language."""
    return value.name_ja if _language() == "ja" and value.name_ja else value.name_en


@register.filter
def percent(value: float | None) -> str:
    """0.734 -> 73 %; a dash when it was not measured."""
    return "–" if value is None else f"{round(value * 100)} %"


@register.filter
def short_hash(value: str) -> str:
    """The first twelve characters of a digest."""
    return value[:12]


@register.filter
def short_id(value: str) -> str:
    """The prefix of a public id and its last six characters: gen_…8h2kq0."""
    prefix, _, rest = value.partition("_")
    return f"{prefix}_…{rest[-6:]}" if len(rest) > 6 else value


@register.filter
def braced(value: str) -> str:
    """A variable as it stands in a wording."""
    return "{" + value + "}"


@register.filter
def marked(text: str) -> SafeString:
    """A wording with its {subject} and {choices} set off."""
    parts = re.split(r"(\{\w+\})", text)
    return format_html_join("", "{}", ((_placeholder(part),) for part in parts))


@register.filter
def styled(field: BoundField) -> SafeString:
    """The field's widget with the classes of our components."""
    widget = field.field.widget
    kind = getattr(widget, "input_type", "textarea" if isinstance(widget, Textarea) else "text")
    return field.as_widget(attrs={"class": _WIDGET_CLASSES.get(kind, "input"), **widget.attrs})


@register.simple_tag(takes_context=True)
def query_with(context: template.Context, **changes: Any) -> str:
    """The page's own query string with some parameters changed."""
    query: QueryDict = context["request"].GET.copy()
    for key, value in changes.items():
        query[key] = str(value)
    return f"?{query.urlencode()}"


def _placeholder(part: str) -> str | SafeString:
    if not part.startswith("{"):
        return part
    css = "text-primary font-semibold" if part.strip("{}") in SUBJECTS else "text-primary"
    return format_html('<span class="{}">{}</span>', css, part)


def _written(value: date | datetime | None, patterns: dict[str, str]) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = timezone.localtime(value)
    return formats.date_format(value, patterns[_language()])


def _language() -> str:
    return "ja" if (get_language() or "en").startswith("ja") else "en"
