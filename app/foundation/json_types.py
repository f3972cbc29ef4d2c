"""Types of JSON values that come from a file or a database and have not been read into a class yet."""

from pydantic import JsonValue as JsonValue
from pydantic_core import to_jsonable_python

JsonObject = dict[str, JsonValue]


def to_json_value(value: object) -> JsonValue:
    """Dataclasses and models as objects with their fields in order, tuples as lists, and what these hold likewise."""
    json_value: JsonValue = to_jsonable_python(value)
    return json_value
