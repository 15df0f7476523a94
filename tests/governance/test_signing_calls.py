"""Worker and signer know each other by one token that neither sends."""

import time

import pytest

from governance.signing_calls import NONCE, PROOF, SECONDS, TIME, Doorkeeper, NotProven, check_answer, prove_request
from governance.signing_calls import prove_answer as proof_of

TOKEN, OTHER = b"a token of the tests", b"another token"
BODY = b'{"permit": "x"}'


def test_a_genuine_request_passes_once() -> None:
    now, door = time.time(), Doorkeeper(TOKEN)
    call = prove_request(TOKEN, "/sign", BODY, now)
    assert door.check("/sign", call.headers, BODY, now) == call.nonce
    with pytest.raises(NotProven, match="sent before"):
        door.check("/sign", call.headers, BODY, now)


def test_the_token_is_not_in_what_is_sent() -> None:
    call = prove_request(TOKEN, "/sign", BODY, time.time())
    assert TOKEN.decode() not in str(call.headers)


@pytest.mark.parametrize("part", ["token", "path", "body", TIME, NONCE, PROOF])
def test_every_part_is_proven(part: str) -> None:
    now = time.time()
    call = prove_request(OTHER if part == "token" else TOKEN, "/sign", BODY, now)
    headers = call.headers | ({part: "0" + call.headers[part][1:] + "1"} if part in call.headers else {})
    path, body = ("/chain" if part == "path" else "/sign"), (b"{}" if part == "body" else BODY)
    with pytest.raises(NotProven):
        Doorkeeper(TOKEN).check(path, headers, body, now)


def test_a_request_without_proof_or_of_another_time_is_refused() -> None:
    now, door = time.time(), Doorkeeper(TOKEN)
    with pytest.raises(NotProven):
        door.check("/sign", {}, BODY, now)
    for moved in (-SECONDS - 1, SECONDS + 1):
        with pytest.raises(NotProven, match="clocks"):
            door.check("/sign", prove_request(TOKEN, "/sign", BODY, now + moved).headers, BODY, now)


def test_an_answer_proves_itself_for_its_own_question() -> None:
    proof = proof_of(TOKEN, "n1", 200, BODY)
    check_answer(TOKEN, "n1", 200, BODY, proof)
    for token, nonce, status, body in [
        (OTHER, "n1", 200, BODY),
        (TOKEN, "n2", 200, BODY),
        (TOKEN, "n1", 403, BODY),
        (TOKEN, "n1", 200, b"{}"),
    ]:
        with pytest.raises(NotProven):
            check_answer(token, nonce, status, body, proof)


@pytest.mark.parametrize("moment", ["nan", "inf", "-inf", "soon", "", "1e400"])
def test_a_time_that_is_none_is_refused_even_from_one_of_ours(moment: str) -> None:
    class Clock(float):
        def __format__(self, spec: str) -> str:
            return moment

    call = prove_request(TOKEN, "/sign", BODY, Clock())
    assert call.headers[TIME] == moment
    with pytest.raises(NotProven, match="clocks"):
        Doorkeeper(TOKEN).check("/sign", call.headers, BODY, time.time())


def test_a_proof_in_other_letters_is_none() -> None:
    now = time.time()
    headers = prove_request(TOKEN, "/sign", BODY, now).headers | {PROOF: "é" * 64}
    with pytest.raises(NotProven):
        Doorkeeper(TOKEN).check("/sign", headers, BODY, now)
    with pytest.raises(NotProven):
        check_answer(TOKEN, "n1", 200, BODY, "é" * 64)
