"""What of a citizen's text is kept."""

from projects.rules.feedback import plain_text


def test_plain_text_keeps_words_and_lines() -> None:
    assert plain_text(" 一\r\n二\r三\tEmoji 👍🏽 \n") == "一\n二\n三\tEmoji 👍🏽"
    assert plain_text("a\x1b[31mb\u202ec\u2066d\x00") == "a[31mbcd"
    assert plain_text("\r\n \u2067") == ""
