"""Static files under hashed names, the imports inside ES modules rewritten to them."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedModulesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # no types
    """Modules import each other by relative path; no bundler and no import map is needed."""

    support_js_module_import_aggregation = True
