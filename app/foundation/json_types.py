"""Types of JSON values that come from a file or a database and have not been read into a class yet."""

from pydantic import JsonValue as JsonValue

JsonObject = dict[str, JsonValue]
