"""What is believed of a file that does not hold: whose picture it says it is, where nobody but us can say so."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from PIL import Image

from governance.inspection import _told, inspect
from governance.intake import encode
from governance.pki import development_signer
from governance.provenance import EXPIRED, UNKNOWN_SIGNER, ManifestReport, OutputFacts, sign_output
from tests.governance.samples import made_before_its_end, outlive

FACTS = OutputFacts(generation_id="gen_1", spec_digest="0" * 64)
OTHER_PIXELS, OTHER_CLAIM = "assertion.dataHash.mismatch", "claimSignature.mismatch"
CODES = sorted({*EXPIRED, UNKNOWN_SIGNER, OTHER_PIXELS, OTHER_CLAIM})


@pytest.mark.parametrize("failures", [c for n in range(len(CODES) + 1) for c in itertools.combinations(CODES, n)])
def test_only_other_pixels_leave_something_to_believe(failures: tuple[str, ...]) -> None:
    told = _told(ManifestReport(state="invalid", failures=failures, facts=FACTS))
    believed = set(failures) <= {OTHER_PIXELS}
    assert (told.facts.generation_id if told.facts else "") == ("gen_1" if believed else "")
    assert not (told.facts and told.is_only_expired)  # what is known by its facts is never merely out of date


@pytest.mark.parametrize("whose", ["ours", "a stranger's"])
def test_nothing_is_believed_once_the_certificate_is_over(tmp_path: Path, whose: str) -> None:
    """Ours and a stranger's look alike then: the library names an unknown signer beside the end of the certificate."""
    folders = {"ours": tmp_path / "ours", "a stranger's": tmp_path / "theirs"}
    for folder in folders.values():
        folder.mkdir()
        development_signer(folder)
    anchors = (folders["ours"] / "anchors.pem").read_text()
    png = encode(Image.effect_noise((128, 128), 60).convert("RGB"), "image/png")
    brief, data = made_before_its_end(folders[whose], lambda signer: sign_output(png, "image/png", FACTS, signer))
    outlive(brief)
    report = inspect(data, anchors=anchors, public_list="", watermark_key=bytes(32)).report
    assert report.is_only_expired and UNKNOWN_SIGNER in report.failures
    assert report.facts is None
