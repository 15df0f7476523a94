"""Words for codes that other parts keep: kinds, warnings, events, permissions, checks of the photo coach."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from imprimatur.tenants.permissions import Permission

Words = dict[str, Promise]

KINDS: Final[Words] = {
    "likeness": _("Likeness consent"),
    "copyright": _("Copyright permission"),
    "property": _("Property release"),
    "trademark": _("Trademark licence"),
}
KIND_HELP: Final[Words] = {
    "likeness": _("They agree that pictures of them are made."),
    "copyright": _("They let you make new pictures from theirs."),
    "property": _("They let you show what is theirs."),
    "trademark": _("They let you show their mark."),
}
SOURCES: Final[Words] = {
    "photograph": _("A photograph"),
    "drawing": _("A drawing"),
    "generated": _("A generated picture"),
}
WARNINGS: Final[Words] = {"leak": _("Spreads out"), "collapse": _("Hardly acted")}
WARNING_SENTENCES: Final[Words] = {
    "leak": _("The word acted on most of the picture: the background may carry the reference’s colours."),
    "collapse": _("The word acted almost nowhere: the subject may not look like the reference."),
}
SCORES: Final[Words] = {
    "similarity": _("Looks like the reference"),
    "text_match": _("Obeys the words"),
    "sharpness": _("Sharpness"),
    "leak": _("Surroundings stray from the words"),
}
PERMISSION_LABELS: Final[dict[Permission, Promise]] = {
    Permission.VIEW: _("See everything"),
    Permission.UPLOAD_REFERENCE: _("Add references"),
    Permission.EDIT_TEMPLATE: _("Write templates"),
    Permission.APPROVE_TEMPLATE: _("Approve templates"),
    Permission.GENERATE: _("Generate pictures"),
    Permission.DECIDE: _("Decide about pictures"),
    Permission.RELEASE: _("Release pictures"),
    Permission.MANAGE_RIGHTS: _("Manage rights"),
    Permission.VIEW_AUDIT: _("Read the audit trail"),
    Permission.MANAGE_TENANT: _("Manage members and keys"),
}
WITHDRAWN_REASONS: Final[Words] = {"right_revoked": _("the right behind it was withdrawn")}
STOOD: Final[Words] = {
    "held": _("Held"),
    "pending": _("Waiting for review"),
    "claimed": _("Being reviewed"),
    "approved_1": _("Approved by one"),
    "approved": _("Approved"),
    "changes_requested": _("Changes requested"),
    "rejected": _("Rejected"),
    "released": _("Released"),
    "withdrawn": _("Withdrawn"),
}
EVENTS: Final[Words] = {
    "tenant.provisioned": _("Company set up"),
    "member.added": _("Member added"),
    "member.removed": _("Member removed"),
    "member.roles_changed": _("Roles changed"),
    "invitation.sent": _("Invitation sent"),
    "invitation.sent_again": _("Invitation sent again"),
    "invitation.taken_back": _("Invitation taken back"),
    "invitation.accepted": _("Invitation accepted"),
    "api_key.created": _("API key made"),
    "api_key.revoked": _("API key ended"),
    "brand.added": _("Brand added"),
    "subject.added": _("Subject added"),
    "reference.ready": _("Reference added"),
    "sketch.made": _("Sketch made"),
    "sketch.dropped": _("Sketch that nobody ordered dropped"),
    "reference.redeclared": _("Declaration corrected"),
    "consent.drafted": _("Consent drafted"),
    "consent.evidence_attached": _("Evidence added"),
    "consent.sent": _("Consent sent out"),
    "consent.signed": _("Consent came back signed"),
    "audit.exported": _("Audit trail exported"),
    "object.put_back": _("Lost file put back"),
    "audit.verified": _("Audit trail checked whole"),
    "signing_key.expiring": _("End of a signing certificate announced"),
    "trust_list.expiring": _("End of the trust list announced"),
    "generation.redrawn": _("Lost picture drawn again"),
    "consent.verified": _("Consent verified"),
    "consent.active": _("Consent put into force"),
    "consent.redrafted": _("Consent rewritten"),
    "consent.draft": _("Changes to the consent wanted"),
    "consent.contact_changed": _("Contact changed"),
    "consent.contact_proposed": _("Another contact proposed"),
    "consent.contact_declined": _("Proposed contact declined"),
    "consent.contact_withdrawn": _("Proposed contact withdrawn"),
    "consent.contact_lapsed": _("Proposed contact lapsed"),
    "consent.link_sent": _("Link sent"),
    "consent.narrowed": _("Consent narrowed"),
    "consent.expiring": _("End announced"),
    "consent.suspended": _("Consent suspended"),
    "consent.revoked": _("Consent revoked"),
    "consent.expired": _("Consent ran out"),
    "trademark_licence.drafted": _("Licence drafted"),
    "trademark_licence.evidence_attached": _("Evidence added"),
    "trademark_licence.sent": _("Licence sent out"),
    "trademark_licence.signed": _("Licence came back signed"),
    "trademark_licence.verified": _("Licence verified"),
    "trademark_licence.active": _("Licence put into force"),
    "trademark_licence.redrafted": _("Licence rewritten"),
    "trademark_licence.draft": _("Changes to the licence wanted"),
    "trademark_licence.contact_changed": _("Contact changed"),
    "trademark_licence.contact_proposed": _("Another contact proposed"),
    "trademark_licence.contact_declined": _("Proposed contact declined"),
    "trademark_licence.contact_withdrawn": _("Proposed contact withdrawn"),
    "trademark_licence.contact_lapsed": _("Proposed contact lapsed"),
    "trademark_licence.link_sent": _("Link sent"),
    "trademark_licence.narrowed": _("Licence narrowed"),
    "trademark_licence.expiring": _("End announced"),
    "trademark_licence.suspended": _("Licence suspended"),
    "trademark_licence.revoked": _("Licence revoked"),
    "trademark_licence.expired": _("Licence ran out"),
    "template.version.drafted": _("Template drafted"),
    "template.version.edited": _("Template edited"),
    "template.version.submitted": _("Template submitted"),
    "template.version.approved": _("Template approved"),
    "template.version.rejected": _("Template rejected"),
    "template.version.retired": _("Template retired"),
    "generation.requested": _("Picture asked for"),
    "generation.attempt_lost": _("Attempt lost, tried again"),
    "picture.signed": _("Picture signed"),
    "signing_key.replaced": _("Signing key replaced"),
    "generation.ready": _("Picture drawn"),
    "generation.failed": _("Picture failed"),
    "generation.refused": _("Picture refused"),
    "generation.canceled": _("Picture canceled"),
    "generation.retried": _("Picture tried again"),
    "blocklist.added": _("Word blocked"),
    "blocklist.removed": _("Word allowed again"),
    "blocklist.imported": _("Blocklist imported"),
    "mark.registered": _("Mark registered"),
    "mark.forgotten": _("Mark forgotten"),
    "record_keys.rotated": _("Record keys rotated"),
    "output.held": _("Picture held"),
    "output.cleared": _("Held picture cleared"),
    "output.subject_answered": _("Person answered"),
    "review.claimed": _("Taken for review"),
    "review.claim_released": _("Given back to the queue"),
    "review.decided": _("Decision made"),
    "review.undone": _("Decision undone"),
    "review.commented": _("Comment written"),
    "release.published": _("Picture released"),
    "release.time_stamped": _("Released file time-stamped"),
    "release.withdrawn": _("Picture withdrawn"),
    "release.downloaded": _("Released picture downloaded"),
    "release.recipient_named": _("Recipient named"),
    "output.quarantined": _("Picture quarantined"),
    "output.reinstated": _("Picture shown again"),
    "output.inspected": _("Quarantined picture looked at"),
    "reference.quarantined": _("Reference quarantined"),
    "reference.reinstated": _("Reference shown again"),
    "withdrawal.opened": _("Withdrawal begun"),
    "withdrawal.forgotten": _("Drawing machines told to forget"),
    "withdrawal.packed": _("Takedown pack written"),
    "withdrawal.pack_taken": _("Takedown pack downloaded"),
    "withdrawal.completed": _("Withdrawal completed"),
    "notice.sent": _("Notice sent"),
    "notice.given_up": _("Notice could not be sent"),
    "retention.cleared": _("Cleared away what had its time"),
    "retention.strays_deleted": _("Stray files deleted"),
}


def word(words: Words, code: str) -> str:
    """The word for a code; the code itself, readable, when it is new."""
    return str(words.get(code, code.replace(".", " ").replace("_", " ")))
