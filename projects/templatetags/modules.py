"""A page's ES modules, told in its head: the browser need not find them one import after the other."""

import re
from functools import lru_cache
from pathlib import Path, PurePosixPath

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()

_IMPORT = re.compile(r"""^(?:import|export)\b[^;"']*?(?:from\s*)?["'](\.[^"']+)["']""", re.MULTILINE)


@register.simple_tag
def module_preloads(path: str) -> SafeString:
    """Links to a module and everything that it imports, from near to far. `path`: as for `static`."""
    return format_html_join(
        "\n", '<link rel="modulepreload" href="{}">', ((static(each),) for each in module_graph(path))
    )


@lru_cache(maxsize=32)
def module_graph(path: str) -> tuple[str, ...]:
    """Paths of a module and its imports below the static folder, each once, breadth first.

    Raises FileNotFoundError for one that is not there.
    """
    found = [path]
    for current in found:
        file = finders.find(current)
        if file is None:
            raise FileNotFoundError(f"static module {current}, imported from {path}")
        for name in _IMPORT.findall(Path(file).read_text("utf-8")):
            target = _normal(PurePosixPath(current).parent / name)
            if target not in found:
                found.append(target)
    return tuple(found)


def _normal(path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)
