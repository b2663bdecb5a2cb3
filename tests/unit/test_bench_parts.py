"""The parts of script/bench that decide: comparing answers, percentiles, verdicts."""

import itertools
import json
import socket
import threading

import numpy as np
import pytest

from maps.mvt import Layer, encode_tile
from tests.benchmarks import checks, mvtreader, samples
from tests.benchmarks.__main__ import parser
from tests.benchmarks.goals import Goal
from tests.benchmarks.servers import Answer, Connection, anew


def test_unknown_sizes_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        parser().parse_args(["--sizes", "12k,2m"])
    assert refused.value.code == 2
    assert "2m is none of" in capsys.readouterr().err


def counts(**changes: object) -> Answer:
    """An answer of the facets, as the application gives it."""
    return Answer(200, {}, json.dumps({"total": 3, "kind": {"road": 2, "farm": 1}, **changes}).encode())


def test_every_word_of_the_facets_is_compared() -> None:
    assert checks.same_facets("/f", counts(), counts()) == []
    (said,) = checks.same_facets("/f", counts(), counts(kind={"road": 3}))
    assert said == '/f: kind is {"farm": 1, "road": 2}, GROUP BY says {"road": 3}'


def test_order_of_nearest_may_differ_only_where_distances_agree() -> None:
    def ours(*rows: tuple[str, float]) -> Answer:
        features = [
            {"id": key, "properties": {"name": key.upper(), "distance_m": metres}} for key, metres in rows
        ]
        return Answer(200, {}, json.dumps({"features": features}).encode())

    def orm(*rows: tuple[str, float]) -> Answer:
        return Answer(200, {}, json.dumps({"sites": [(key, key.upper(), far) for key, far in rows]}).encode())

    mine = ours(("a", 10.0), ("b", 20.0))
    assert checks.same_nearest("/n", mine, orm(("a", 10.0), ("b", 20.01))) == []
    assert checks.same_nearest("/n", ours(("a", 10.0), ("b", 10.01)), orm(("b", 10.01), ("a", 10.0))) == []
    assert len(checks.same_nearest("/n", mine, orm(("b", 10.0), ("a", 20.0)))) == 2
    assert len(checks.same_nearest("/n", mine, orm(("a", 10.0), ("c", 25.0)))) == 1
    assert checks.same_nearest("/n", mine, orm(("a", 10.0))) == ["/n: 2 sites against 1"]


def test_a_tile_stands_for_the_sum_of_its_counts_and_features() -> None:
    layers = [
        Layer("clusters", np.array([[1, 2], [3, 4]]), {"count": [300, 2]}),
        Layer("sites", np.array([[5, 6], [7, 8], [9, 9]]), {"kind": ["road", None, "farm"]}),
    ]
    assert mvtreader.sites_in(encode_tile(layers)) == 305
    assert mvtreader.sites_in(b"") == 0


def test_percentiles() -> None:
    assert samples.timing([4.0, 1.0, 2.0, 3.0]) == samples.Timing(2.5, 4.0, 4)
    assert samples.timing([float(number) for number in range(1, 101)]).p95 == 95.0


def test_slow_contenders_run_less_often_and_in_the_same_window() -> None:
    order: list[str] = []

    def runs(name: str, milliseconds: float) -> samples.Contender:
        def run() -> float:
            order.append(name)
            return milliseconds

        return samples.Contender(itertools.repeat(run))

    quick, slow = runs("quick", 1.0), runs("slow", 100.0)
    samples.interleave([quick], [slow], repetitions=50, seconds=0.5)
    assert (quick.timing.count, slow.timing.count) == (50, 5)
    first, last = order.index("slow", 8), len(order) - 1 - order[::-1].index("slow")
    assert order[:first].count("quick") >= 10 and order[first:last].count("quick") >= 40


def test_a_goal_says_by_how_much_it_falls_short() -> None:
    assert Goal("t", "w", 1.9, 2.0, "x").verdict == "reached"
    assert Goal("t", "w", 3.0, 2.0, "x").verdict == "falls short by 1.5x"
    assert Goal("t", "w", 50.0, 100.0, "x", at_least=True).verdict == "falls short by 2.0x"
    assert Goal("t", "w", 100.0, 100.0, "x", at_least=True).is_reached


def test_questions_are_asked_anew_under_other_addresses() -> None:
    class Listening(Connection):
        def __init__(self) -> None:
            self.asked: list[bytes] = []

        def timed(self, request: bytes) -> float:
            self.asked.append(request.split(b" ")[1])
            return 1.0

    connection = Listening()
    for run in itertools.islice(anew(connection, ("/a/", "/b/?q=1")), 4):
        assert run() == 1.0
    assert connection.asked == [b"/a/?&", b"/b/?q=1&", b"/a/?&&", b"/b/?q=1&&"]


def test_a_connection_that_was_closed_while_idle_is_opened_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer_once_each(times: int) -> None:
            for _ in range(times):
                client, _address = listener.accept()
                with client:
                    client.recv(4096)
                    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Kind: road\r\n\r\nok")

        thread = threading.Thread(target=answer_once_each, args=(3,))
        thread.start()
        connection = Connection(listener.getsockname()[1])
        answers = [connection.get("/") for _ in range(2)]
        spent = connection.timed(b"GET / HTTP/1.1\r\n\r\n")
        thread.join()
        connection.close()
    assert [(answer.status, answer.body, answer.headers["x-kind"]) for answer in answers] == [
        (200, b"ok", "road")
    ] * 2
    assert spent > 0
