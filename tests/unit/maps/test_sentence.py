"""Sentences that can be said again in another language."""

import pickle

from maps.sentence import Sentence, gettext_noop

ENGLISH = {
    "第 %(row)d 行:%(reason)s": "Row %(row)d: %(reason)s",
    "完成 100%": "100% done",
    "没有图形": "no shape",
}


def test_it_is_a_string_of_its_template_and_values() -> None:
    sentence = gettext_noop("第 %(row)d 行:%(reason)s", row=3, reason=gettext_noop("没有图形"))
    assert sentence == "第 3 行:没有图形"
    assert isinstance(sentence, str)
    assert sentence.translated(ENGLISH.__getitem__) == "Row 3: no shape"


def test_a_percent_sign_without_values_stands_for_itself() -> None:
    assert gettext_noop("完成 100%") == "完成 100%"
    assert gettext_noop("完成 100%").translated(ENGLISH.__getitem__) == "100% done"


def test_it_survives_pickling() -> None:
    sentence = gettext_noop("第 %(row)d 行:%(reason)s", row=3, reason="50%")
    copy = pickle.loads(pickle.dumps(sentence))
    assert isinstance(copy, Sentence)
    assert copy == sentence
    assert copy.params == sentence.params
