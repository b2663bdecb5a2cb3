"""Labels in lines: nothing lost, nothing longer than its room."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.pages.charts.labels import lines, width

TEXTS = st.text(alphabet="学位扩容“”,. abcdefgWXYZ0123456789", max_size=60)


@pytest.mark.parametrize(
    ("text", "room", "expected"),
    [
        ("", 10, ("",)),
        ("1. 基层医疗", 17, ("1. 基层医疗",)),
        ("2. 未成年人心理健康", 6, ("2. 未成年人", "心理健康")),
        ("Support for the elderly", 8, ("Support for", "the elderly")),
        ("Donaudampfschifffahrt", 5, ("Donaudampfschifffahrt",)),  # no place to break it: it sticks out
    ],
)
def test_cases(text: str, room: float, expected: tuple[str, ...]) -> None:
    assert lines(text, room) == expected


def test_a_full_width_character_takes_twice_the_room() -> None:
    assert width("学位") == 2
    assert width("ab") < width("AB") < width("学位")


@given(TEXTS, st.floats(1, 30))
def test_nothing_is_lost(text: str, room: float) -> None:
    found = lines(text, room)
    assert found
    assert "".join("".join(found).split()) == "".join(text.split())
    # Only what cannot be broken is longer than its room.
    for line in found:
        assert width(line) <= room or " " not in line.strip()
