"""The list of an export's digests, and its signature by the round's key."""

from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import TypeAdapter

from app.evidence.checks import Check, expect_equal
from app.evidence.signing import ExportSignature, signature_problem
from app.foundation.digest import sha256
from app.foundation.typography import shortened
from app.report.export.strict_json import read_strict_json
from app.report.export.zip_file import DIGESTS_FILE, SIGNATURE_FILE

SignatureState = Literal["signed", "unsigned", "no key"]
"""Whether the round's key signed an export; "no key" if version 0.1 sealed the round."""

_DIGESTS = TypeAdapter(dict[str, str])


def check_digests(files: Mapping[str, bytes]) -> Iterator[Check]:
    """Check that every file has the digest that digests.json lists for it."""
    if DIGESTS_FILE not in files:
        problem = f"The export has no {DIGESTS_FILE}, so no file can be compared with its digest."
        yield expect_equal(DIGESTS_FILE, "a digest of every file", "absent", problem)
        return
    try:
        listed = _DIGESTS.validate_python(read_strict_json(files[DIGESTS_FILE]))
    except ValueError as error:
        yield Check(DIGESTS_FILE, False, "a digest of every file", "unreadable", f"{DIGESTS_FILE} is damaged: {error}.")
        return
    others = files.keys() - {DIGESTS_FILE, SIGNATURE_FILE}
    actual = {name: sha256(files[name]) for name in others}
    changed = sorted(name for name in listed.keys() | others if listed.get(name) != actual.get(name))
    for name in changed:
        listed_digest, actual_digest = listed.get(name, "no file"), actual.get(name, "absent")
        problem = f"{shortened(name)} does not have the digest that {DIGESTS_FILE} lists for it."
        yield expect_equal(f"digest of {shortened(name)}", listed_digest, actual_digest, problem)
    if not changed:
        yield Check("digests of files", True, f"{len(actual)} files", f"{len(actual)} unchanged")


def check_signature(files: Mapping[str, bytes], receipt_key: str | None) -> Iterator[Check]:
    """Check the signature of an export if it has one; `receipt_key` is the key that the commitment names."""
    if SIGNATURE_FILE not in files:
        return
    try:
        signature = ExportSignature.model_validate(read_strict_json(files[SIGNATURE_FILE]))
    except ValueError:
        problem = f"{SIGNATURE_FILE} is damaged: it holds no signature."
        yield Check(SIGNATURE_FILE, False, "a signature", "something else", problem)
        return
    signature_fault = signature_problem(signature, files.get(DIGESTS_FILE, b""), receipt_key)
    found = "another signature" if signature_fault else "signed"
    yield expect_equal(SIGNATURE_FILE, "signed", found, signature_fault or "")


def signature_state(files: Mapping[str, bytes], receipt_key: str | None) -> SignatureState:
    """Whether the export has a signature, which `check_signature` checks."""
    if SIGNATURE_FILE in files:
        return "signed"
    return "no key" if receipt_key is None else "unsigned"
