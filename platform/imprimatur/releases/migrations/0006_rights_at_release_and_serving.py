"""The second guard of what the policy demands when a picture leaves the house, stated once more and on its own.

`releases_rights_hold` asks the records themselves, for a release and each time one is served: a person's reference
needs a likeness consent in force, one with marks a licence in force; a picture drawn from another stands under the
other's too. Serving may go on while a record sells off. Approvals count only of people who still belong to the company
and did not ask for the picture themselves.
"""

from django.db import migrations

_GUARDS = """
CREATE FUNCTION releases_in_force(
    status text, valid_from timestamptz, valid_until timestamptz, suspends_at timestamptz, sell_off_days int,
    at timestamptz, serving boolean
) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT at >= valid_from AND (suspends_at IS NULL OR at < suspends_at) AND (
        (status = 'active' AND (valid_until IS NULL OR at < valid_until))
        OR (serving AND status IN ('active', 'expired') AND at >= valid_until
            AND at < valid_until + make_interval(days => sell_off_days))
    )
$$;

CREATE FUNCTION releases_rights_hold(reference uuid, at timestamptz, serving boolean) RETURNS boolean
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE chain AS (
        SELECT r.id, r.derived_from_id, r.pixel_sha256, r.shows_person, r.declared_marks, r.quarantined_at
          FROM library_referenceimage r WHERE r.id = reference
        UNION ALL
        SELECT r.id, r.derived_from_id, r.pixel_sha256, r.shows_person, r.declared_marks, r.quarantined_at
          FROM library_referenceimage r JOIN chain c ON r.id = c.derived_from_id
    ), root AS (SELECT * FROM chain WHERE derived_from_id IS NULL)
    SELECT EXISTS (SELECT 1 FROM root) AND NOT EXISTS (
        SELECT 1 FROM chain c, root
         WHERE c.quarantined_at IS NOT NULL
            OR (c.shows_person AND (c.id = root.id OR NOT root.shows_person) AND NOT EXISTS (
                SELECT 1 FROM rights_consentrecord k
                 WHERE k.kind = 'likeness' AND k.reference_digests @> ARRAY[c.pixel_sha256]::varchar[]
                   AND releases_in_force(k.status, k.valid_from, k.valid_until, k.suspends_at,
                                         COALESCE((k.terms ->> 'sell_off_days')::int, 0), at, serving)))
            OR (NOT c.declared_marks <@ CASE WHEN c.id = root.id THEN '{}'::varchar[] ELSE root.declared_marks END
                AND NOT EXISTS (
                SELECT 1 FROM rights_trademarklicence l
                 WHERE l.reference_digests @> ARRAY[c.pixel_sha256]::varchar[]
                   AND releases_in_force(l.status, l.valid_from, l.valid_until, NULL,
                                         COALESCE((l.terms ->> 'sell_off_days')::int, 0), at, serving)))
    )
$$;

CREATE FUNCTION releases_guard_rights() RETURNS trigger LANGUAGE plpgsql AS $$
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
    IF EXISTS (
        SELECT 1 FROM generations_reliance y JOIN rights_consentrecord k ON k.terms ->> 'id' = y.record
         WHERE y.generation_id = made.id AND k.terms ->> 'approval_right' IN ('per_output', 'per_campaign')
           AND NOT EXISTS (
               SELECT 1 FROM generations_subjectapproval a WHERE a.record = y.record AND a.approved
                  AND (a.output_id = NEW.output_id OR k.terms ->> 'approval_right' = 'per_campaign'))
    ) THEN
        RAISE EXCEPTION 'the person reserved approval and has not given it'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER releases_guard_rights BEFORE INSERT ON releases_release
    FOR EACH ROW EXECUTE FUNCTION releases_guard_rights();
"""
_UNGUARD = """
DROP TRIGGER releases_guard_rights ON releases_release;
DROP FUNCTION releases_guard_rights();
DROP FUNCTION releases_rights_hold(uuid, timestamptz, boolean);
DROP FUNCTION releases_in_force(text, timestamptz, timestamptz, timestamptz, int, timestamptz, boolean);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("releases", "0005_look_up_by_marks"),
        ("review", "0005_everybody_who_asked_and_screening"),
        ("library", "0006_guard_mark_pictures"),
        ("rights", "0007_guards_of_versions"),
    ]

    operations = [migrations.RunSQL(_GUARDS, _UNGUARD)]
