from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from governance.permit import generate_permit_keys
from gpu_worker.outcomes import PermitUsedBefore, Refused
from tests.generation import dummy
from tests.gpu_worker.bench import Bench

PAST = datetime.now(UTC) - timedelta(minutes=1)


def test_a_permit_admits_once(bench: Bench) -> None:
    order = bench.order()
    assert bench.shop.desk.admit(order).generation_id == order.generation_id
    with pytest.raises(PermitUsedBefore):
        bench.shop.desk.admit(order)


def test_looking_does_not_use_it(bench: Bench) -> None:
    order = bench.order()
    bench.shop.desk.check(order)
    bench.shop.desk.admit(order)


def test_an_expired_permit_asks_for_a_new_attempt(bench: Bench) -> None:
    order = bench.order(permit={"issued_at": PAST - timedelta(minutes=1), "expires_at": PAST})
    with pytest.raises(Refused, match="new attempt") as refused:
        bench.shop.desk.admit(order)
    assert refused.value.code == "permit_expired"


@pytest.mark.parametrize(
    "permit",
    [
        {"attempt": 2},
        {"generation_id": "gen_other"},
        {"spec_digest": "0" * 64},
        {"tenant_id": "another"},
        {"reference_digests": ("0" * 64,)},
    ],
)
def test_a_permit_for_something_else_is_refused(bench: Bench, permit: dict[str, object]) -> None:
    with pytest.raises(Refused) as refused:
        bench.shop.desk.admit(bench.order(permit=permit))
    assert refused.value.code == "permit_refused"


def test_a_permit_of_another_key_is_refused(bench: Bench) -> None:
    bench.key, _ = generate_permit_keys()
    with pytest.raises(Refused) as refused:
        bench.shop.desk.admit(bench.order())
    assert refused.value.code == "permit_refused"


def test_an_order_that_fetches_or_writes_elsewhere_is_refused(bench: Bench) -> None:
    order = bench.order()
    elsewhere = replace(order, output_prefix="tenants/other/outputs/o/1/")
    swapped = replace(order, references=(replace(order.references[0], sha256="1" * 64),))
    for bad in (elsewhere, swapped, replace(order, references=())):
        with pytest.raises(Refused) as refused:
            bench.shop.desk.admit(bad)
        assert refused.value.code == "permit_refused"


def test_a_permit_binds_the_references_of_every_subject(bench: Bench) -> None:
    order = bench.order_of_two()
    assert len(bench.shop.desk.admit(order).reference_digests) == 3


def test_the_second_subjects_reference_cannot_be_exchanged(bench: Bench) -> None:
    order = bench.order_of_two()
    *firsts, mug = order.references
    stranger = bench.reference("stranger", dummy.reference().rotate(270))
    for references in ((*firsts, stranger), tuple(firsts), (mug, *firsts), (*firsts, mug, stranger)):
        with pytest.raises(Refused, match="other references"):
            bench.shop.desk.admit(replace(order, references=references))


def test_a_permit_for_the_first_subject_alone_is_no_permit_for_two(bench: Bench) -> None:
    order = bench.order_of_two()
    only_first = order.spec.reference_digests
    narrowed = bench.permit(order, reference_digests=only_first)
    for references in (order.references, order.references[:2]):
        with pytest.raises(Refused, match="other references"):
            bench.shop.desk.admit(replace(order, permit=narrowed, references=references))
