"""What a rule refuses, said once and translatable, without Django.

A rule cannot call gettext (no Django below `models`), yet its refusals reach people through forms, imports
and the admin. So an error carries the Chinese sentence as a template and its values apart; the layer that has
a language calls `gettext(error.msgid).format(**error.params)`.
"""


def gettext_noop(msgid: str) -> str:
    """Mark `msgid` for the message catalogue (the name that xgettext looks for) and return it unchanged."""
    return msgid


class RuleError(ValueError):
    """A value that the rules cannot accept.

    `msgid` is a zh-hans sentence with `{name}` places, `params` fills them. `str(error)` is the Chinese
    sentence.
    """

    def __init__(self, msgid: str, **params: object) -> None:
        self.msgid = msgid
        self.params = params
        super().__init__(msgid.format(**params))
