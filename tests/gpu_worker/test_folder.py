"""The broker that is a folder."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection, Exchange, Queue
from kombu.simple import SimpleQueue

from gpu_worker.broker import broker_settings


def connection(folder: Path) -> Connection:
    options = broker_settings("filesystem://", folder)["broker_transport_options"]
    return Connection("filesystem://", transport_options=options)


def drain(queue: SimpleQueue) -> list[Any]:
    found = []
    while True:
        try:
            message = queue.get(block=False)
        except queue.Empty:
            return found
        message.ack()
        found.append(message.payload)


def test_messages_come_whole_private_and_in_order(tmp_path: Path) -> None:
    with connection(tmp_path / "broker") as broker:
        queue = broker.SimpleQueue("render.studio")
        for number in range(20):
            queue.put({"number": number})
        files = list((tmp_path / "broker" / "messages").iterdir())
        assert {f.stat().st_mode & 0o777 for f in files} == {0o600}
        assert (tmp_path / "broker").stat().st_mode & 0o777 == 0o700
        assert [m["number"] for m in drain(queue)] == list(range(20))
        assert list((tmp_path / "broker" / "messages").iterdir()) == []


def test_queues_whose_names_contain_each_other_stay_apart(tmp_path: Path) -> None:
    with connection(tmp_path / "broker") as broker:
        short, long = broker.SimpleQueue("studio"), broker.SimpleQueue("render.studio")
        long.put({"for": "long"})
        assert drain(short) == []
        assert drain(long) == [{"for": "long"}]


def test_every_message_is_taken_by_one_reader_only(tmp_path: Path) -> None:
    total, taken, lock = 200, [], threading.Lock()
    done_writing = threading.Event()

    def read() -> None:
        with connection(tmp_path / "broker") as broker:
            queue = broker.SimpleQueue("render.studio")
            while True:
                last = done_writing.is_set()
                got = drain(queue)
                with lock:
                    taken.extend(m["number"] for m in got)
                if last and not got:
                    return

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    with connection(tmp_path / "broker") as broker:
        queue = broker.SimpleQueue("render.studio")
        for number in range(total):
            queue.put({"number": number, "padding": "x" * 20_000})
    done_writing.set()
    for reader in readers:
        reader.join(60)
    assert sorted(taken) == list(range(total))


def test_a_broadcast_reaches_everybody(tmp_path: Path) -> None:
    exchange = Exchange("everybody", type="fanout")
    heard: list[str] = []
    with connection(tmp_path / "broker") as broker, broker.channel() as channel:
        queues = [Queue(name, exchange, channel=channel) for name in ("one", "two")]
        for queue in queues:
            queue.declare()
        broker.Producer(channel).publish({"drop": "gen_1"}, exchange=exchange, serializer="json")
        for queue in queues:
            message = queue.get()
            assert message is not None
            heard.append(message.payload["drop"])
    assert heard == ["gen_1", "gen_1"]


def test_a_folder_that_takes_nothing_says_so(tmp_path: Path) -> None:
    with connection(tmp_path / "broker") as broker:
        queue = broker.SimpleQueue("render.studio")
        folder = tmp_path / "broker" / "messages"
        folder.rmdir()
        folder.write_text("a file where the folder was")
        with pytest.raises(OSError, match="does not take messages"):
            queue.put({"number": 1})
