"""Terms as a person reads them: one line for each thing that was agreed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from governance.consent import ConsentTerms
from governance.trademark import TrademarkTerms
from imprimatur.dashboard import choices
from imprimatur.dashboard.templatetags.pages import day, last_day


@dataclass(frozen=True)
class Line:
    """What, and what was said about it."""

    label: str
    value: str


def agreed(terms: ConsentTerms | TrademarkTerms) -> list[Line]:
    """Everything that was agreed, in the reader's language."""
    lines = [
        Line(_("May appear in"), _words("channel", terms.channels)),
        Line(_("For"), _words("purpose", terms.purposes)),
        Line(_("In"), _words("territory", terms.territories)),
    ]
    if terms.excluded_territories:
        lines.append(Line(_("But not in"), _words("territory", terms.excluded_territories)))
    lines += _consent_lines(terms) if isinstance(terms, ConsentTerms) else _mark_lines(terms)
    until = last_day(terms.valid_until) if terms.valid_until else _("No end")
    term = [Line(_("From"), day(terms.valid_from)), Line(_("Last day"), until)]
    if terms.sell_off_days:
        term.append(Line(_("Days to sell off"), str(terms.sell_off_days)))
    return [*lines, *term]


def _consent_lines(terms: ConsentTerms) -> list[Line]:
    lines = [
        Line(_("Pictures made by AI"), _agreed(terms.synthetic_media_permitted)),
        Line(_("Paid advertising space"), _agreed(terms.paid_media)),
    ]
    if terms.prohibited_contexts:
        lines.append(Line(_("Never together with"), _words("context", terms.prohibited_contexts)))
    if terms.output_cap is not None:
        lines.append(Line(_("Number of pictures"), _("At most %(count)d") % {"count": terms.output_cap}))
    if terms.languages != frozenset({"*"}):
        lines.append(Line(_("Texts beside it in"), ", ".join(sorted(terms.languages)) or _("Nothing")))
    return [*lines, *_duty_lines(terms)]


def _duty_lines(terms: ConsentTerms) -> list[Line]:
    lines = []
    if terms.approval_right != "none":
        sees = {"per_output": _("Every picture"), "per_campaign": _("Each campaign")}[terms.approval_right]
        lines.append(Line(_("What the person sees before it is published"), sees))
    if terms.response_days is not None:
        lines.append(Line(_("Days they promised to answer in"), str(terms.response_days)))
    if terms.disclosure_duty:
        lines.append(Line(_("Said beside the picture"), _("That AI made it")))
    if terms.majority_date is not None:
        lines.append(Line(_("Comes of age on"), day(terms.majority_date)))
    return lines


def _mark_lines(terms: TrademarkTerms) -> list[Line]:
    return [
        Line(_("Trademark"), terms.mark),
        Line(_("Its owner"), terms.owner),
        Line(_("The mark may be shown"), _words("treatment", terms.permitted_treatments)),
    ]


def _agreed(value: bool) -> str:
    return _("Agreed") if value else _("Not agreed")


def _words(field: str, slugs: Iterable[str]) -> str:
    comma = "、" if (get_language() or "en").startswith("ja") else ", "
    return comma.join(choices.use_label(field, slug) for slug in sorted(slugs)) or _("Nothing")
