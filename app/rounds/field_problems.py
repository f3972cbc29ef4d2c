"""What is wrong with the value of a design's field, in words that say what to write there. Pure."""

from pydantic import ValidationError

from app.foundation.errors import first_problem
from app.foundation.typed_text import in_one_line

TOO_FEW_ARMS = "a comparison needs two arms; name a second one"
SENTENCES = {
    "extra_forbidden": "no such field exists here; leave it out, or compare its name with `firstglance round design`",
    "missing": "it is missing; write it",
    "literal_error": "give {expected}",
    "greater_than_equal": "give a number greater than or equal to {ge}",
    "greater_than": "give a number greater than {gt}",
    "less_than_equal": "give a number less than or equal to {le}",
    "less_than": "give a number less than {lt}",
    "too_short": "give {min_length} or more entries; it has {actual_length}",
    "too_long": "give at most {max_length} entries; it has {actual_length}",
    "string_too_short": "give a text of {min_length} or more characters",
    "string_too_long": "give a text of at most {max_length} characters",
}
"""{pydantic's name of a problem: what to do, with the limits that pydantic names}"""
FORMS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "a text, in quotation marks",
    "tuple": "a list, in square brackets",
    "list": "a list, in square brackets",
    "dict": "a table of names and values",
    "model": "a table of names and values",
    "finite": "a number that is not infinite",
}
"""{the beginning of pydantic's name of a problem with a value's form: the form that the field has}"""
SUFFIXES = ("_type", "_parsing", "_from_float", "_number", "_attributes_type", "_parsing_size")


def field_problem(validation_error: ValidationError, within: str = "") -> str:
    """The first field that was refused, in the part `within` of a design, and what to write there."""
    path, reason = first_problem(validation_error)
    problem = validation_error.errors()[0]
    if problem["loc"] == ("arms",) and problem["type"] == "too_short":
        return TOO_FEW_ARMS
    sentence = SENTENCES.get(problem["type"]) or _sentence_about_form(problem["type"])
    text = sentence.format_map(problem.get("ctx", {})) if sentence else reason
    if problem["type"] == "literal_error" and isinstance(problem["input"], str):
        text += f", not “{in_one_line(problem['input'])}”"
    place = ".".join(part for part in (within, path) if part)
    return f"{place}: {text}" if place else text


def _sentence_about_form(problem_type: str) -> str | None:
    """Which form a value must have; None if a problem, such as one of our own sentences, is not about its form."""
    form = FORMS.get(problem_type.partition("_")[0]) if problem_type.endswith(SUFFIXES) else None
    return form and f"give {form}"
