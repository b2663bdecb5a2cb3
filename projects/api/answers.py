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

#: Bytes kept a process, and the largest answer that is kept.
MAX_BYTES: Final = 16 << 20
MAX_ANSWER: Final = 256 << 10
#: An address longer than this is not likely to be asked for twice.
_MAX_ADDRESS: Final = 1_000
#: Shorter answers do not gain from being packed.
_WORTH_PACKING: Final = 1_000
#: A quarter of the time of zlib's default for a sixth more bytes.
_LEVEL: Final = 2
_OVERHEAD: Final = 500

Key = tuple[str, str]


class Answer:
    """A body with its type, and the same packed, once somebody asked for that. Public data: no secrets, so
    its length tells nothing.
    """

    __slots__ = ("_packed", "body", "content_type")

    def __init__(self, body: bytes, content_type: str) -> None:
        self.body = body
        self.content_type = content_type
        self._packed: bytes | None = None

    @property
    def size(self) -> int:
        """Bytes that it may take, both forms together."""
        return 2 * len(self.body) + _OVERHEAD

    def response(self, accepts: str) -> HttpResponse:
        """As the client's Accept-Encoding allows."""
        if len(self.body) < _WORTH_PACKING:
            return HttpResponse(self.body, content_type=self.content_type)
        if not _takes_gzip(accepts):
            return HttpResponse(
                self.body, content_type=self.content_type, headers={"Vary": "Accept-Encoding"}
            )
        if self._packed is None:
            self._packed = gzip.compress(self.body, _LEVEL, mtime=0)
        return HttpResponse(
            self._packed,
            content_type=self.content_type,
            headers={"Content-Encoding": "gzip", "Vary": "Accept-Encoding"},
        )


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
        if len(answer.body) > MAX_ANSWER or len(key[0]) + len(key[1]) > _MAX_ADDRESS:
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
