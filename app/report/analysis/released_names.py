"""The names that analyses had while first glance was the only task: rounds of designs 1 and 2 keep them. Pure."""

from collections.abc import Mapping

from app.foundation.json_types import JsonObject, JsonValue

COUNTED, WITHIN_COUNTED = "interpretable", "within_interpretable"
"""How the fields `counted` and `within_counted` were called."""
ENTRY_OF_A_FRACTION = {"counted", "fraction", "interval", "judgments"}
"""Keys that an object has whose field `counted` is ours, and not the name of an arm."""


def in_released_names(json_value: JsonValue) -> JsonValue:
    """The JSON values of an analysis with the old names, in the same order."""
    if isinstance(json_value, list):
        return [in_released_names(member) for member in json_value]
    if not isinstance(json_value, Mapping):
        return json_value
    old_names = {"within_counted": WITHIN_COUNTED} if json_value.keys() >= {"within_counted", "within_not"} else {}
    if json_value.keys() >= ENTRY_OF_A_FRACTION and not isinstance(json_value["counted"], dict):
        old_names["counted"] = COUNTED
    renamed: JsonObject = {old_names.get(name, name): in_released_names(part) for name, part in json_value.items()}
    return renamed
