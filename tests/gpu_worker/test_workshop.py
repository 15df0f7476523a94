"""One order, from acceptance to report, with every part real but the control side."""

from __future__ import annotations

import io
import json
import resource
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from PIL import Image

from generation.pipeline import pixel_digest
from governance import watermark
from governance.provenance import verify_signed
from gpu_worker.messages import PROGRESS_TASK, REPORT_TASK, RenderReport, StoredObject
from tests.generation import dummy
from tests.gpu_worker.bench import WATERMARK_KEY, Bench

MANY_STEPS = 200


def stages(bench: Bench) -> list[tuple[str, int]]:
    wait_until(lambda: any(name == REPORT_TASK for name, _ in bench.sent()))
    time.sleep(0.3)  # progress leaves from a thread of its own
    return [(message["stage"], message["step"]) for name, message in bench.sent() if name == PROGRESS_TASK]


def wait_until(true: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def picture_of(bench: Bench, stored: StoredObject | None) -> bytes:
    assert stored is not None
    return bench.shop.store.get(stored)


def test_an_order_becomes_a_stamped_picture_and_a_report(bench: Bench) -> None:
    order = bench.order()
    report = bench.shop.handle(order)
    assert report is not None
    assert (report.outcome, report.error_code) == ("ready", "")
    data = picture_of(bench, report.output)
    manifest = verify_signed(data, "image/png", bench.anchors, generation_id=order.generation_id)
    assert manifest.facts is not None
    assert manifest.facts.permit_id == report.permit_id
    assert manifest.facts.pixel_digest == report.pixel_digest
    assert [i.relationship for i in manifest.ingredients] == ["inputTo"]
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.size == (report.width, report.height) == (512, 512)
        reading = watermark.read(picture, WATERMARK_KEY)
    assert reading is not None
    assert reading.identifier == watermark.identifier_of(order.generation_id)
    assert manifest.facts.watermarked
    assert "c2pa.watermarked.unbound" in manifest.actions


def test_two_subjects_are_drawn_from_all_their_references_and_every_one_is_named(bench: Bench) -> None:
    alone, two = bench.shop.handle(bench.order()), bench.shop.handle(bench.order_of_two())
    assert alone is not None
    assert two is not None
    assert (two.outcome, two.error) == ("ready", "")
    assert two.pixel_digest != alone.pixel_digest
    manifest = verify_signed(picture_of(bench, two.output), "image/png", bench.anchors)
    assert [(i.title, i.relationship) for i in manifest.ingredients] == [
        ("reference", "inputTo"),
        ("reference-2", "inputTo"),
        ("reference-3", "inputTo"),
    ]
    with (
        Image.open(io.BytesIO(picture_of(bench, alone.mask_strip))) as one,
        Image.open(io.BytesIO(picture_of(bench, two.mask_strip))) as rows,
    ):
        assert rows.size == (one.width, 2 * one.height)
        above, below = rows.crop((0, 0, *one.size)), rows.crop((0, one.height, *rows.size))
        assert above.tobytes() != below.tobytes()


def test_the_manifest_says_how_large_the_model_drew(bench: Bench) -> None:
    """The pixel digest is that of the drawn picture: drawing again proves it, whatever is done afterwards."""
    order = bench.order()
    report = bench.shop.handle(order)
    drawn = bench.shop.engine.draw(order.spec, [dummy.reference()], lambda *_: None)
    assert report is not None
    facts = verify_signed(picture_of(bench, report.output), "image/png", bench.anchors).facts
    assert facts is not None
    assert facts.native_size == f"{drawn.image.width}x{drawn.image.height}"
    assert pixel_digest(drawn.image) == report.pixel_digest == facts.pixel_digest


def test_a_report_says_how_every_stage_went(bench: Bench) -> None:
    order = bench.order()
    report = bench.shop.handle(order)
    assert report is not None
    assert len(report.mask_area) == order.spec.steps
    assert {"fetch", "prepare", "draw", "decode", "stamp", "store"} <= set(report.seconds)


def test_a_report_explains_the_picture_where_the_order_asks_for_it(bench: Bench) -> None:
    plain = bench.shop.handle(bench.order())
    order = bench.order()
    asked = replace(order, spec=replace(order.spec, explain=True))
    report = bench.shop.handle(replace(asked, permit=bench.permit(asked)))
    assert report is not None
    assert plain is not None
    assert plain.explanation == {}
    assert report.explanation["words"] == ["a", "bottle", "on", "the", "beach"]
    assert len(json.dumps(report.explanation)) < 5_000
    assert report.pixel_digest == plain.pixel_digest, "asking why changes nothing"


def test_the_mask_strip_is_stamped_as_made_from_the_picture(bench: Bench) -> None:
    report = bench.shop.handle(bench.order())
    assert report is not None
    manifest = verify_signed(picture_of(bench, report.mask_strip), "image/png", bench.anchors)
    assert [i.relationship for i in manifest.ingredients] == ["parentOf"]
    assert "c2pa.edited" in manifest.actions


def test_the_report_lies_beside_the_picture_and_is_the_one_that_was_sent(bench: Bench) -> None:
    order = bench.order()
    report = bench.shop.handle(order)
    left = json.loads((bench.folder / "objects" / order.output_prefix / "report.json").read_text())
    assert RenderReport.from_json(left) == report
    assert stages(bench)[0] == ("accepted", 0)
    sent = [message for name, message in bench.sent() if name == REPORT_TASK]
    assert [RenderReport.from_json(m) for m in sent] == [report]


def test_progress_says_first_and_last_step(bench: Bench) -> None:
    bench.shop.handle(bench.order())
    told = stages(bench)
    assert [stage for stage, _ in told if stage != "drawing"] == ["accepted", "preparing", "stamping"]
    assert ("drawing", 0) in told
    assert ("drawing", 4) in told


def test_the_same_order_twice_is_drawn_and_reported_once(bench: Bench) -> None:
    order = bench.order()
    assert bench.shop.handle(order) is not None
    files = bench.files()
    assert bench.shop.handle(order) is None
    assert bench.files() == files
    stages(bench)
    assert [name for name, _ in bench.sent()].count(REPORT_TASK) == 1


def test_the_same_seed_gives_the_same_pixels_but_another_file(bench: Bench) -> None:
    first, again = bench.shop.handle(bench.order()), bench.shop.handle(bench.order(output_prefix=_prefix(2)))
    assert first is not None
    assert again is not None
    assert first.pixel_digest == again.pixel_digest
    assert first.output is not None
    assert again.output is not None
    assert first.output.sha256 != again.output.sha256


def _prefix(attempt: int) -> str:
    return f"tenants/{'0' * 8}-0000-0000-0000-000000000007/outputs/o/{attempt}/"


def test_an_expired_permit_is_refused_before_anything_is_fetched(bench: Bench) -> None:
    past = datetime.now(UTC) - timedelta(minutes=1)
    order = bench.order(permit={"issued_at": past - timedelta(minutes=1), "expires_at": past})
    report = bench.shop.handle(order)
    assert report is not None
    assert (report.outcome, report.error_code) == ("refused", "permit_expired")
    assert bench.files() == {"report.json"}


def test_a_permit_that_ends_while_the_order_waits_in_line_is_not_drawn_on(bench: Bench) -> None:
    busy, release = threading.Event(), threading.Event()

    def hold(step: int, steps: int) -> None:
        busy.set()
        assert release.wait(60)

    line = threading.Thread(target=bench.shop.engine.draw, args=(dummy.spec(), [dummy.reference()], hold))
    line.start()
    assert busy.wait(60)
    reports: list[RenderReport | None] = []
    soon = {"expires_at": datetime.now(UTC) + timedelta(seconds=1)}
    waiting = threading.Thread(target=lambda: reports.append(bench.shop.handle(bench.order(permit=soon))))
    waiting.start()
    time.sleep(1.2)
    release.set()
    waiting.join(60)
    line.join(60)
    assert reports[0] is not None
    assert (reports[0].outcome, reports[0].error_code) == ("refused", "permit_expired")


def test_a_changed_reference_is_refused(bench: Bench) -> None:
    order = bench.order()
    (bench.folder / "objects" / order.references[0].key).write_bytes(b"another picture")
    report = bench.shop.handle(order)
    assert report is not None
    assert (report.outcome, report.error_code) == ("refused", "reference_altered")


def test_words_that_do_not_fit_fail_with_what_to_do(bench: Bench) -> None:
    order = bench.order()
    spec = replace(order.spec, word="teapot")
    order = replace(order, spec=spec)
    report = bench.shop.handle(replace(order, permit=bench.permit(order)))
    assert report is not None
    assert (report.outcome, report.error_code) == ("failed", "word_missing")
    assert "teapot" in report.error


def test_cancel_stops_between_two_steps(bench: Bench) -> None:
    order = bench.order(steps=MANY_STEPS)
    reports: list[RenderReport | None] = []
    thread = threading.Thread(target=lambda: reports.append(bench.shop.handle(order)))
    thread.start()
    wait_until(lambda: any(m.get("stage") == "drawing" for _, m in bench.sent()))
    assert bench.shop.held.cancel(order.generation_id, order.attempt)
    assert not bench.shop.held.cancel(order.generation_id, order.attempt + 1)
    thread.join(60)
    assert reports[0] is not None
    assert reports[0].outcome == "canceled"
    assert bench.files() == {"report.json"}
    assert bench.shop.held.orders() == []


def test_a_worker_that_is_switched_off_gives_its_orders_back(bench: Bench) -> None:
    bench.shop.held.stop_all()
    report = bench.shop.handle(bench.order())
    assert report is not None
    assert (report.outcome, report.error_code) == ("failed", "worker_stopping")


def test_a_full_store_is_reported_in_words(bench: Bench) -> None:
    order = bench.order()
    bench.shop.engine.draw(order.spec, [dummy.reference()], lambda *_: None)  # the model is there already
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        report = bench.shop.handle(order)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert report is not None
    assert (report.outcome, report.error_code) == ("failed", "store_full")
    assert not [name for name in bench.files() if name.endswith(".png")]


def test_a_dead_broker_costs_the_message_not_the_picture(bench: Bench) -> None:
    order = bench.order()
    messages = bench.folder / "broker"
    messages.write_text("a file where the broker's folder would be")
    report = bench.shop.handle(order)
    assert report is not None
    assert report.outcome == "ready"
    left = json.loads((bench.folder / "objects" / order.output_prefix / "report.json").read_text())
    assert RenderReport.from_json(left) == report
