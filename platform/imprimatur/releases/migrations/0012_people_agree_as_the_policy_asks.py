"""The second guard of what people reserved to themselves asks what the policy asks, for a release and each serving.

A yes by campaign counts for that campaign alone, the newest answer counts, and a no to the very picture goes before a
yes to its campaign (`generations.approvals`). A consent that reserves approval covers a picture only with that yes;
one that was not there when the picture was made has none.
"""

from django.db import migrations

_AGREE = """
CREATE FUNCTION releases_person_approves(consent jsonb, made uuid, picture uuid, campaign text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
    by_campaign boolean := consent ->> 'approval_right' = 'per_campaign';
    own record;
BEGIN
    IF COALESCE(consent ->> 'approval_right', 'none') = 'none' THEN
        RETURN true;
    END IF;
    IF NOT EXISTS (SELECT FROM generations_reliance y WHERE y.generation_id = made AND y.record = consent ->> 'id') THEN
        RETURN false;
    END IF;
    SELECT a.approved, a.campaign INTO own FROM generations_subjectapproval a
     WHERE a.record = consent ->> 'id' AND a.output_id = picture ORDER BY a.created_at DESC LIMIT 1;
    IF FOUND AND (NOT own.approved OR own.campaign = releases_person_approves.campaign OR NOT by_campaign) THEN
        RETURN own.approved;
    END IF;
    RETURN by_campaign AND COALESCE((
        SELECT a.approved FROM generations_subjectapproval a
         WHERE a.record = consent ->> 'id' AND a.campaign = releases_person_approves.campaign
         ORDER BY a.created_at DESC LIMIT 1), false);
END $$;

CREATE FUNCTION releases_people_agree(picture uuid, said jsonb, at timestamptz, serving boolean) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
    made generations_generation%ROWTYPE;
    campaign text;
BEGIN
    SELECT g.* INTO made FROM generations_output o JOIN generations_generation g ON g.id = o.generation_id
     WHERE o.id = picture;
    campaign := encode(sha256(convert_to(concat_ws('|', made.template_version_id::text,
        COALESCE(said ->> 'channel', ''), COALESCE(said ->> 'territory', ''), COALESCE(said ->> 'purpose', '')
    ), 'UTF8')), 'hex');
    RETURN NOT EXISTS (
        WITH RECURSIVE chain AS (
            SELECT d.reference_id AS start, r.id, r.derived_from_id, r.pixel_sha256, r.shows_person
              FROM generations_drawnfrom d JOIN library_referenceimage r ON r.id = d.reference_id
             WHERE d.generation_id = made.id
            UNION ALL
            SELECT c.start, r.id, r.derived_from_id, r.pixel_sha256, r.shows_person
              FROM chain c JOIN library_referenceimage r ON r.id = c.derived_from_id
        )
        SELECT FROM chain c JOIN chain root ON root.start = c.start AND root.derived_from_id IS NULL
         WHERE c.shows_person AND (c.id = root.id OR NOT root.shows_person) AND NOT EXISTS (
            SELECT FROM rights_consentrecord k
             WHERE k.kind = 'likeness' AND k.reference_digests @> ARRAY[c.pixel_sha256]::varchar[]
               AND releases_in_force(k.status, k.valid_from, k.valid_until, k.suspends_at,
                                     COALESCE((k.terms ->> 'sell_off_days')::int, 0), at, serving)
               AND releases_person_approves(k.terms, made.id, picture, campaign))
    ) AND NOT EXISTS (
        SELECT FROM generations_reliance y JOIN rights_consentrecord k ON k.terms ->> 'id' = y.record
         WHERE y.generation_id = made.id AND COALESCE(k.terms ->> 'approval_right', 'none') <> 'none' AND NOT EXISTS (
            SELECT FROM rights_consentrecord other
             WHERE other.kind = k.kind AND other.reference_digests && k.reference_digests
               AND releases_in_force(other.status, other.valid_from, other.valid_until, other.suspends_at,
                                     COALESCE((other.terms ->> 'sell_off_days')::int, 0), at, serving)
               AND releases_person_approves(other.terms, made.id, picture, campaign))
    );
END $$;

CREATE FUNCTION releases_guard_rights_of_people() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT releases_people_agree(NEW.output_id, NEW.use, now(), false) THEN
        RAISE EXCEPTION 'the person reserved approval and has not given it'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER releases_guard_rights_of_people BEFORE INSERT ON releases_release
    FOR EACH ROW EXECUTE FUNCTION releases_guard_rights_of_people();
"""
_RIGHTS = """
CREATE OR REPLACE FUNCTION releases_guard_rights() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    made generations_generation%ROWTYPE;
    approvals integer;
BEGIN
    SELECT g.* INTO made FROM generations_output o JOIN generations_generation g ON g.id = o.generation_id
     WHERE o.id = NEW.output_id;
    SELECT count(DISTINCT d.reviewer_id) INTO approvals
      FROM review_decision d JOIN tenants_membership m ON m.user_id = d.reviewer_id AND m.tenant_id = NEW.tenant_id
     WHERE d.output_id = NEW.output_id AND d.undone_at IS NULL AND d.verdict = 'approve'
       AND d.reviewer_id <> made.requested_by_id AND NOT d.reviewer_id = ANY (made.retried_by);
    IF approvals < 2 THEN
        RAISE EXCEPTION 'a release needs the approvals of two people who belong to the company'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF EXISTS (SELECT 1 FROM generations_screening s WHERE s.output_id = NEW.output_id AND s.cleared_at IS NULL) THEN
        RAISE EXCEPTION 'a picture that is held is not released' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NOT releases_rights_hold(made.subject_reference_id, now(), false) THEN
        RAISE EXCEPTION 'no record in force covers what the picture shows'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
{people}    RETURN NEW;
END $$;
"""
_ANY_CAMPAIGN = """    IF EXISTS (
        SELECT 1 FROM generations_reliance y JOIN rights_consentrecord k ON k.terms ->> 'id' = y.record
         WHERE y.generation_id = made.id AND k.terms ->> 'approval_right' IN ('per_output', 'per_campaign')
           AND NOT EXISTS (
               SELECT 1 FROM generations_subjectapproval a WHERE a.record = y.record AND a.approved
                  AND (a.output_id = NEW.output_id OR k.terms ->> 'approval_right' = 'per_campaign'))
    ) THEN
        RAISE EXCEPTION 'the person reserved approval and has not given it'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
"""
_ANYHOW = """
DROP TRIGGER releases_guard_rights_of_people ON releases_release;
DROP FUNCTION releases_guard_rights_of_people();
DROP FUNCTION releases_people_agree(uuid, jsonb, timestamptz, boolean);
DROP FUNCTION releases_person_approves(jsonb, uuid, uuid, text);
"""


class Migration(migrations.Migration):
    dependencies = [("releases", "0011_looks_side_by_side"), ("generations", "0013_guards_of_what_is_drawn_from")]

    operations = [
        migrations.RunSQL(_AGREE, _ANYHOW),
        migrations.RunSQL(_RIGHTS.replace("{people}", ""), _RIGHTS.replace("{people}", _ANY_CAMPAIGN)),
    ]
