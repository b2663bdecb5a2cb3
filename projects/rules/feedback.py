"""What citizens may send about a site, and how much of it."""

import unicodedata
from typing import Final

#: Characters.
LONGEST_TEXT: Final = 1000
LONGEST_CONTACT: Final = 100
LONGEST_ANSWER: Final = 1000
#: Seconds between opening the form and sending it: nobody reads and writes faster.
QUICKEST: Final = 3
#: Seconds for which an opened form may be sent.
OPEN_FOR: Final = 24 * 3600
#: From one address within an hour, counted in the process; many phones share an address of their carrier.
MOST_OF_ADDRESS: Final = 10
#: About one site on one day, counted in the database.
MOST_OF_SITE: Final = 20
#: Days after the answer for which the contact is kept.
CONTACT_DAYS: Final = 180

#: A reference is read out on the telephone: no letters or digits that look alike.
REFERENCE_LETTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"
REFERENCE_GROUPS: Final = (4, 4, 4)


def plain_text(text: str) -> str:
    """Line ends as one character, and no characters that steer a terminal or turn the writing's direction."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(each for each in unified if each in "\n\t" or not _steers(each)).strip()


def _steers(letter: str) -> bool:
    return (
        unicodedata.category(letter) in ("Cc", "Cs")
        or "\u202a" <= letter <= "\u202e"
        or ("\u2066" <= letter <= "\u2069")
    )
