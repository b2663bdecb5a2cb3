"""Sites by words in their names, addresses and (for staff) codes: what `icontains` finds, by an index.

The index of projects.models.searchindex gives candidates; `icontains` on the rows themselves decides.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from itertools import islice
from operator import and_
from typing import Final

from django.db import connection
from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL

from projects.models import searchindex
from projects.querysets.sites import SiteQuerySet

#: SQLite: rows that are compared at once.
_BATCH: Final = 2_000
#: SQLite: pieces of three characters that a shorter word may stand for in one question.
_MOST_PIECES: Final = 1_000
_LAST: Final = chr(0x10FFFF)

_installed: set[str] = set()


def words_of(text: str) -> list[str]:
    """The words of a search, each once."""
    return list(dict.fromkeys(text.split()))


def found_in(word: str, *, codes: bool) -> Q:
    """What "has the word" means: in the name or the address, with `codes` also in the staff code."""
    part = Q(name__icontains=word) | Q(address__icontains=word)
    return part | Q(code__icontains=word) if codes else part


def matching_ids(
    sites: SiteQuerySet,
    words: Sequence[str],
    *,
    limit: int,
    codes: bool = False,
    means: Callable[[str], Q] | None = None,
) -> list[int]:
    """Ids of those of `sites` that have every word, at most `limit` of them, in no order.

    `means` narrows what "has the word" is; it must imply `found_in`.
    """
    decided = reduce(and_, [means(word) if means else found_in(word, codes=codes) for word in words], Q())
    chosen = sites.filter(decided).order_by().values_list("pk", flat=True)
    if not words or not _is_installed():
        return list(chosen[:limit])
    if connection.vendor == "postgresql":
        return list(chosen.filter(_has_pieces(words, codes=codes))[:limit])
    return list(islice(_in_batches(_candidates(words, codes=codes), chosen), limit))


def _is_installed() -> bool:
    """Asked of the database once: it is installed by `migrate`, before a server starts."""
    key = str(connection.settings_dict["NAME"])
    if key not in _installed and searchindex.is_installed(connection):
        _installed.add(key)
    return key in _installed


# ------------------------------------------------------------------------------------------ PostgreSQL


def _has_pieces(words: Iterable[str], *, codes: bool) -> RawSQL:
    parts = []
    for word in words:
        folded = _upper(word)
        places = " & ".join(_lexeme(piece) for piece in _pairs(folded))
        marked = " & ".join(_lexeme(searchindex.CODE_MARK + piece) for piece in _pairs(folded))
        parts.append(f"({places} | {marked})" if codes else f"({places})")
    return RawSQL(
        f"{searchindex.EXPRESSION} @@ %s::tsquery", [" & ".join(parts)], output_field=BooleanField()
    )


def _upper(word: str) -> str:
    """In capitals as the database writes them."""
    if word.isascii():
        return word.upper()
    with connection.cursor() as cursor:
        cursor.execute("SELECT upper(%s)", [word])
        return str(cursor.fetchone()[0])


def _pairs(word: str) -> list[str]:
    """A single character is looked up by the pieces that begin with it."""
    return [word] if len(word) < 2 else [word[start : start + 2] for start in range(len(word) - 1)]


def _lexeme(piece: str) -> str:
    single = len(piece.removeprefix(searchindex.CODE_MARK)) == 1
    quoted = piece.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}':*" if single else f"'{quoted}'"


# ---------------------------------------------------------------------------------------------- SQLite


def _in_batches(candidates: Iterable[int], chosen: Iterable[int]) -> Iterator[int]:
    """Those of the candidates that are chosen; rows are read batch by batch, until nobody asks for more."""
    source = iter(candidates)
    while batch := list(islice(source, _BATCH)):
        yield from chosen.filter(pk__in=batch)  # type: ignore[attr-defined]


def _candidates(words: Iterable[str], *, codes: bool) -> Iterator[int]:
    parts, wide = [], ""
    for word in map(_lower, words):
        pieces, joint = _pieces_of(word)
        if len(pieces) > _MOST_PIECES:
            wide = word
        elif not pieces:
            return iter(())
        else:
            parts.append("(" + joint.join(f'"{piece}"' for piece in pieces) + ")")
    if not parts:
        return _holders(wide, codes=codes)
    asked = " AND ".join(parts)
    return _ids(
        f"SELECT rowid FROM {searchindex.TABLE} WHERE {searchindex.TABLE} MATCH %s",
        [asked if codes else f"place : ({asked})"],
    )


def _pieces_of(word: str) -> tuple[list[str], str]:
    """Pieces of three, all of which a site must have, or any of those that begin with a shorter word."""
    if len(word) >= 3:
        found, joint = [word[start : start + 3] for start in range(len(word) - 2)], " AND "
    else:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT term FROM {searchindex.PIECES} WHERE term >= %s AND term < %s LIMIT %s",
                [word, word + _LAST, _MOST_PIECES + 1],
            )
            found, joint = [row[0] for row in cursor.fetchall()], " OR "
    return [piece.replace('"', '""') for piece in found], joint


def _holders(word: str, *, codes: bool) -> Iterator[int]:
    """Sites with any piece that begins with the word, one by one: where they are too many to be named."""
    column = "" if codes else "AND col = 'place'"
    return _ids(
        f"SELECT DISTINCT doc FROM {searchindex.HOLDERS} WHERE term >= %s AND term < %s {column}",
        [word, word + _LAST],
    )


def _ids(query: str, parameters: Sequence[str]) -> Iterator[int]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, parameters)
        while rows := cursor.fetchmany(_BATCH):
            yield from (row[0] for row in rows)


def _lower(word: str) -> str:
    """As SQLite's lower() and LIKE fold: A to Z alone."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in word)
