"""The words for units in a file of a design that leaves them out. Pure."""

from app.archive.site import is_site, unit_word_of
from app.foundation.json_types import JsonObject, JsonValue

SINCE_VERSION = 3


def with_unit_words(design_content: JsonObject) -> JsonObject:
    """The content of a file of a design, in which each arm without a word for its units has that of its site.

    Values of another form stay as they are: the design refuses them with their place.
    """
    arms, version = design_content.get("arms"), design_content.get("version", SINCE_VERSION)
    if not isinstance(arms, list) or version != SINCE_VERSION:
        return design_content
    return design_content | {"arms": [_with_unit_word(arm, design_content.get("site", "")) for arm in arms]}


def _with_unit_word(arm: JsonValue, design_site: JsonValue) -> JsonValue:
    if not isinstance(arm, dict) or "unit" in arm:
        return arm
    site = arm.get("site", design_site)
    return arm | {"unit": unit_word_of(site)} if isinstance(site, str) and is_site(site) else arm
