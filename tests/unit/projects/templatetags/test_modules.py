"""The head of a page names every module that its script will ask for."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template

from projects.templatetags.modules import module_graph


def test_the_map_page_is_told_all_its_modules() -> None:
    found = module_graph("js/pages/map.js")
    assert found[0] == "js/pages/map.js"
    assert {"vendor/leaflet/leaflet-src.esm.js", "js/maps/tile-store.js", "js/maps/draw-sign.js"} <= set(
        found
    )
    assert len(found) == len(set(found))
    # Nothing is imported that is not in the list: the same question, asked of every file's text.
    root = Path(settings.BASE_DIR) / "static"
    for name in found:
        if name.startswith("vendor/"):
            continue
        for target in re.findall(r'from "(\.[^"]+)"', (root / name).read_text()):
            assert (root / name).parent.joinpath(target).resolve().relative_to(root).as_posix() in found


def test_each_is_a_link() -> None:
    html = Template('{% load modules %}{% module_preloads "js/pages/nearby.js" %}').render(Context())
    links = re.findall(r'<link rel="modulepreload" href="(/static/[^"]+)">', html)
    assert links == [f"/static/{name}" for name in module_graph("js/pages/nearby.js")]


def test_a_module_that_is_not_there_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"js/pages/nothing\.js"):
        module_graph("js/pages/nothing.js")
