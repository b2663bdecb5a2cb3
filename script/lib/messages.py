"""Message catalogue without the gettext tools: sentences are Chinese in the code, English in locale/en.

Python is read as a syntax tree, templates through Django's own reader of its tags.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import polib
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent.parent
CATALOGUE = ROOT / "locale" / "en" / "LC_MESSAGES" / "django.po"
PYTHON = ("config", "projects", "maps")
MARKS = {"_", "gettext", "gettext_lazy", "gettext_noop", "pgettext", "ngettext", "ngettext_lazy"}
_QUOTED = r"""u?(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
_TEMPLATE_CALL = re.compile(rf"\b(n?gettext)\(({_QUOTED})(?:,\s*({_QUOTED}))?")

Sentence = tuple[str, str | None]


def sentences() -> dict[Sentence, list[str]]:
    """Every marked sentence (and its plural) with the files that use it."""
    found: dict[Sentence, list[str]] = {}
    for folder in PYTHON:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for sentence in _in_python(path):
                found.setdefault(sentence, []).append(str(path.relative_to(ROOT)))
    for path in sorted((ROOT / "templates").rglob("*.html")):
        for sentence in _in_template(path):
            found.setdefault(sentence, []).append(str(path.relative_to(ROOT)))
    return found


def _in_python(path: Path) -> Iterator[Sentence]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name not in MARKS:
            continue
        texts = [
            arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
        ]
        if not texts:
            continue
        yield (texts[0], texts[1]) if name.startswith("ngettext") and len(texts) > 1 else (texts[0], None)


def _in_template(path: Path) -> Iterator[Sentence]:
    source = templatize(path.read_text("utf-8"), origin=str(path))
    for match in _TEMPLATE_CALL.finditer(source):
        first = ast.literal_eval(match[2])
        plural = ast.literal_eval(match[3]) if match[1] == "ngettext" and match[3] else None
        yield (first, plural)


def update() -> int:
    """Bring the catalogue in line with the code; returns how many sentences have no English yet."""
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    old = polib.pofile(str(CATALOGUE)) if CATALOGUE.exists() else polib.POFile()
    known = {entry.msgid: entry for entry in old}
    fresh = polib.POFile(wrapwidth=110)
    fresh.metadata = {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        "Language": "en",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    for (text, plural), files in sorted(sentences().items(), key=lambda item: item[0][0]):
        entry = polib.POEntry(msgid=text, occurrences=[(name, "") for name in sorted(set(files))])
        before = known.get(text)
        if plural is not None:
            entry.msgid_plural = plural
            entry.msgstr_plural = (before.msgstr_plural if before else None) or {0: "", 1: ""}
        elif before is not None:
            entry.msgstr = before.msgstr
        if "%(" in text:
            entry.flags.append("python-format")
        fresh.append(entry)
    fresh.save(str(CATALOGUE))
    fresh.save_as_mofile(str(CATALOGUE.with_suffix(".mo")))
    return len(fresh.untranslated_entries())


def check() -> list[str]:
    """What is wrong with the catalogue, a line each."""
    if not CATALOGUE.exists():
        return ["locale/en has no catalogue: run script/messages"]
    catalogue = polib.pofile(str(CATALOGUE))
    known = {entry.msgid: entry for entry in catalogue}
    wrong = []
    wanted = sentences()
    for (text, _plural), files in wanted.items():
        entry = known.get(text)
        if entry is None:
            wrong.append(f"not in the catalogue ({files[0]}): {text}")
        elif not entry.translated():
            wrong.append(f"no English ({files[0]}): {text}")
        elif not entry.msgid_plural and _places(text) != _places(entry.msgstr):
            wrong.append(f"the English has other places: {text} / {entry.msgstr}")
    texts = {text for text, _plural in wanted}
    wrong += [f"no longer used: {entry.msgid}" for entry in catalogue if entry.msgid not in texts]
    compiled = CATALOGUE.with_suffix(".mo")
    if not compiled.exists() or compiled.read_bytes() != catalogue.to_binary():
        wrong.append("django.mo is stale: run script/messages")
    return wrong


def _places(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)", text)) | set(re.findall(r"(?<!\{)\{([a-z_]+)\}", text))


def main() -> int:
    # Only the reader of template tags is used: no database, no app.
    settings.configure()
    if "--check" in sys.argv[1:]:
        wrong = check()
        print("\n".join(wrong[:50]) if wrong else "messages: every sentence has its English")
        return 1 if wrong else 0
    missing = update()
    print(f"messages: {missing} without English" if missing else "messages: complete")
    return 0


if __name__ == "__main__":
    sys.exit(main())
