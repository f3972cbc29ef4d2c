"""The types of JSON values, for what comes from a file or a database and has not been read into a class yet."""

from pydantic import JsonValue

JsonObject = dict[str, JsonValue]
