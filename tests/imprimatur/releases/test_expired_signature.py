"""A certificate that has ended makes nobody a forger: the file is told as unchanged, its signer as unproven."""

from __future__ import annotations

import pytest
from imprimatur.releases.verification import Verdict, _stranger

from governance.inspection import Inspection
from governance.provenance import ManifestReport

UNTRUSTED, EXPIRED, OTHER_PIXELS = (
    "signingCredential.untrusted",
    "signingCredential.expired",
    "assertion.dataHash.mismatch",
)


def test_a_stamp_by_a_stranger_proves_nothing() -> None:
    report = ManifestReport(state="invalid", failures=(EXPIRED,), unproven_stamp="2020-01-01T00:00:00+00:00")
    found = _stranger(Inspection(report=report))
    assert found.verdict == Verdict.NONE
    assert "an authority that we do not know" in found.sentence
    assert found.facts["unproven_time_stamp"] == report.unproven_stamp
    assert "time_stamped_at" not in found.facts


@pytest.mark.parametrize(
    ("failures", "verdict"),
    [
        ((UNTRUSTED, EXPIRED), Verdict.NONE),
        ((UNTRUSTED, EXPIRED, OTHER_PIXELS), Verdict.CHANGED),
        ((UNTRUSTED, OTHER_PIXELS), Verdict.CHANGED),
    ],
)
def test_only_what_was_changed_is_called_changed(failures: tuple[str, ...], verdict: Verdict) -> None:
    found = _stranger(Inspection(report=ManifestReport(state="invalid", failures=failures)))
    assert found.verdict == verdict
