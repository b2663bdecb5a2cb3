"""Finished answers of the newest state, kept in the process: what many people look at is worked out once.

An answer is a function of the state (epoch and change number) and the address, which is what its ETag says;
a newer state drops them all. A shared cache in front (docs/operator/install.md) sees most repeated requests;
this serves those that it lets through and installations without one.
"""

import gzip
from collections import OrderedDict
from threading import Lock
from typing import Final

from django.http import HttpResponse

#: Bytes kept a process (some three thousand packed tiles of points), and the largest answer that is kept.
MAX_BYTES: Final = 8 << 20
MAX_ANSWER: Final = 128 << 10
#: An address longer than this is not likely to be asked for twice.
_MAX_ADDRESS: Final = 1_000
#: Shorter answers do not gain from being packed.
_WORTH_PACKING: Final = 1_000
#: A quarter of the time of zlib's default for a sixth more bytes.
_LEVEL: Final = 2
_OVERHEAD: Final = 500

Key = tuple[str, str]


class Answer:
    """A body with its type, kept packed or not as its first reader took it; the other form is made for
    whoever asks for it. Public data: no secrets, so its length tells nothing.
    """

    __slots__ = ("_body", "_is_packed", "_is_short", "content_type")

    def __init__(self, body: bytes, content_type: str, accepts: str = "") -> None:
        self.content_type = content_type
        self._is_short = len(body) < _WORTH_PACKING
        self._is_packed = not self._is_short and _takes_gzip(accepts)
        # A copy: the serialiser's own bytes keep the room that it grew into.
        self._body = _pack(body) if self._is_packed else bytes(bytearray(body))

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return len(self._body) + _OVERHEAD

    def response(self, accepts: str) -> HttpResponse:
        """As the client's Accept-Encoding allows."""
        if self._is_short:
            return HttpResponse(self._body, content_type=self.content_type)
        packed = _takes_gzip(accepts)
        if packed == self._is_packed:
            body = self._body
        else:
            body = _pack(self._body) if packed else gzip.decompress(self._body)
        headers = {"Content-Encoding": "gzip"} if packed else {}
        return HttpResponse(
            body, content_type=self.content_type, headers={**headers, "Vary": "Accept-Encoding"}
        )


def _pack(body: bytes) -> bytes:
    return gzip.compress(body, _LEVEL, mtime=0)


def _takes_gzip(accepts: str) -> bool:
    for part in accepts.split(","):
        name, _, weight = part.partition(";")
        if name.strip().lower() in ("gzip", "*"):
            return weight.replace(" ", "").lower() not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


class KeptAnswers:
    """The answers of one state, least recently used first out. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._state = ""
        self._answers: OrderedDict[Key, Answer] = OrderedDict()
        self._bytes = 0

    def get(self, state: str, key: Key) -> Answer | None:
        """The answer that was put under the key in this very state."""
        with self._lock:
            if state != self._state:
                return None
            answer = self._answers.get(key)
            if answer is not None:
                self._answers.move_to_end(key)
            return answer

    def put(self, state: str, key: Key, answer: Answer) -> None:
        """Keep an answer; one of another state than the kept ones' drops those."""
        if answer.size > MAX_ANSWER or len(key[0]) + len(key[1]) > _MAX_ADDRESS:
            return
        with self._lock:
            if state != self._state:
                self._state, self._bytes = state, 0
                self._answers.clear()
            old = self._answers.pop(key, None)
            self._bytes += answer.size - (old.size if old else 0)
            self._answers[key] = answer
            while self._bytes > MAX_BYTES:
                _key, dropped = self._answers.popitem(last=False)
                self._bytes -= dropped.size

    def clear(self) -> None:
        with self._lock:
            self._state, self._bytes = "", 0
            self._answers.clear()

    def __len__(self) -> int:
        return len(self._answers)


kept_answers = KeptAnswers()
