"""A picture of ours that serves as a reference may be drawn from several: the rights of each are asked for a release and
each serving. What a picture shows beside must be covered by records that name it, unless one of its own roots shows it.
"""

from django.db import migrations

_PARENTS = """
    SELECT r.derived_from_id AS origin FROM library_referenceimage r
     WHERE r.id = {child} AND r.derived_from_id IS NOT NULL
    UNION ALL SELECT f.origin_id FROM library_furtherorigin f WHERE f.reference_id = {child}
"""
_EVERY_ORIGIN = f"""
CREATE OR REPLACE FUNCTION releases_rights_hold(reference uuid, at timestamptz, serving boolean) RETURNS boolean
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE tree AS (
        SELECT reference AS id
        UNION
        SELECT p.origin FROM tree t CROSS JOIN LATERAL ({_PARENTS.format(child="t.id")}) p
    ), below AS (
        SELECT t.id AS link, t.id AS id FROM tree t
        UNION
        SELECT b.link, p.origin FROM below b CROSS JOIN LATERAL ({_PARENTS.format(child="b.id")}) p
    ), shown AS (
        SELECT r.id, r.pixel_sha256, r.shows_person, r.declared_marks, r.quarantined_at,
               r.derived_from_id IS NULL AS is_root,
               EXISTS (
                   SELECT 1 FROM below b JOIN library_referenceimage o ON o.id = b.id
                    WHERE b.link = r.id AND o.derived_from_id IS NULL AND o.shows_person) AS root_shows_person,
               ARRAY(
                   SELECT unnest(o.declared_marks) FROM below b JOIN library_referenceimage o ON o.id = b.id
                    WHERE b.link = r.id AND o.derived_from_id IS NULL)::varchar[] AS root_marks
          FROM tree t JOIN library_referenceimage r ON r.id = t.id
    )
    SELECT EXISTS (SELECT 1 FROM shown WHERE is_root)
       AND (SELECT count(*) FROM shown) = (SELECT count(*) FROM tree)
       AND NOT EXISTS (
        SELECT 1 FROM shown s
         WHERE s.quarantined_at IS NOT NULL
            OR (s.shows_person AND (s.is_root OR NOT s.root_shows_person) AND NOT EXISTS (
                SELECT 1 FROM rights_consentrecord k
                 WHERE k.kind = 'likeness' AND k.reference_digests @> ARRAY[s.pixel_sha256]::varchar[]
                   AND releases_in_force(k.status, k.valid_from, k.valid_until, k.suspends_at,
                                         COALESCE((k.terms ->> 'sell_off_days')::int, 0), at, serving)))
            OR (NOT s.declared_marks <@ CASE WHEN s.is_root THEN '{{}}'::varchar[] ELSE s.root_marks END
                AND NOT EXISTS (
                SELECT 1 FROM rights_trademarklicence l
                 WHERE l.reference_digests @> ARRAY[s.pixel_sha256]::varchar[]
                   AND releases_in_force(l.status, l.valid_from, l.valid_until, NULL,
                                         COALESCE((l.terms ->> 'sell_off_days')::int, 0), at, serving)))
    )
$$;
"""
_ONE_LINE = """
CREATE OR REPLACE FUNCTION releases_rights_hold(reference uuid, at timestamptz, serving boolean) RETURNS boolean
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
"""


class Migration(migrations.Migration):
    dependencies = [("releases", "0012_people_agree_as_the_policy_asks"), ("library", "0008_further_origins")]

    operations = [migrations.RunSQL(_EVERY_ORIGIN, _ONE_LINE)]
