"""The README of an export: what each of its files is."""

from collections.abc import Iterable

from app.foundation.markdown_text import escape_markdown
from app.rounds.unit_words import UnitWords

SCRIPT_FILE = "verify.py"
README = r"""# {title}

{kind} export of the First Glance round {round_id}.

## Evidence: what decides the result

{evidence}

## Views: everything else follows from the evidence

{views}

## Reading the tables

The CSV files are UTF-8 with a byte order mark, and open in a spreadsheet. It would compute a cell that begins with `=`,
`+`, `-` or `@`, so an apostrophe stands before a text that does, that begins with an apostrophe, or that has such a
sign after a semicolon or at the start of a line. Numbers are as they are. To read the texts as they were typed:

```python
import pandas
table = pandas.read_csv("observations.csv", encoding="utf-8-sig", keep_default_na=False, na_values=[""])
table = table.replace(r"(^|[;\t\r\n])'", r"\1", regex=True)
```

```r
table <- read.csv("observations.csv", fileEncoding = "UTF-8-BOM", na.strings = "")
texts <- sapply(table, is.character)
table[texts] <- lapply(table[texts], function(text) gsub("(^|[;\t\r\n])'", "\\1", text))
```

{check}

Nothing proves that nobody knew which item came from which model.
"""
CHECK = """Check it: `firstglance verify THIS.zip` makes every file again from the evidence and compares;
`python verify.py THIS.zip` needs Python and nothing else, checks the evidence, and finds fractions, difference and the
headline's estimates again. Whoever owns the server can rewrite all of it so that it fits: give both what was published
(`--commitment`, `--lock`, `--result`), and `firstglance verify` also what was kept elsewhere (`--receipt`,
`--timestamp`), and they say whether this is the same round."""
CHECK_OF_VERSION_0_1 = """Check it: `firstglance verify THIS.zip` makes every file again from the evidence and compares.
Version 0.1 locked this round: flags, guesses, opened aids and erasures stand in no chain and are not covered by the
lock's digest, whoever publishes it. So there is no verify.py here, which reads chains alone."""

EVIDENCE_FILES = {
    "design.json": "everything that was fixed before anyone judged",
    "allocation.json": "the opened seal: which item was which neuron, the sampling seed, the nonce",
    "commitment.json": "the digests published at the seal",
    "items.json": "the items as they were judged",
    "chains.json": "all that evaluators did, as chains: judgments with revisions, flags, guesses, opened aids",
    "events.json": "the round's log, hash-chained",
    "timestamps/": "RFC 3161 time stamps of published digests",
    "signature.json": "signature of digests.json by the round's key, which the commitment names; absent if it is lost",
}
"""{file, or folder with a slash: what it is}"""
VIEW_FILES = {
    "public_design.json": "the part of the design that names no arm and no archive",
    "preregistration.md": "design and plan of the analysis in plain words, as at the seal",
    "observations.csv": "one row per evaluator and item: the final verdict with its arm",
    "neurons.csv": "one row per drawn neuron, dead ones included",
    "frame.json": "counts of the draw, the plan, and what evaluators did besides judging",
    "analysis.json": "every number of the report, with library versions and seed",
    "report.md": "the report",
    "report.pdf": "the report as a document",
    "figures/": "the report's figures",
    "items.csv": "sizes and digests of the items",
    "evaluators.csv": "pseudonyms",
    "events.csv": "the log as a table",
    "receipts.json": "what each evaluator's receipt must say",
    "snippets.parquet": "every token of every item as it was shown, with its level",
    "methods.json": "what HEDS and CONSORT 2025 ask, answered as far as the data allow",
    "CITATION.cff": "how to cite these data",
    "program.json": "versions of the program and the libraries that wrote this export",
    SCRIPT_FILE: "a check that needs nothing but Python",
    "datapackage.json": "Frictionless description of every file and column",
    "digests.json": "SHA-256 of every file here but itself and the signature",
}
"""{file, or folder with a slash: what it is}"""


def write_readme(title: str, round_id: str, file_names: Iterable[str], unit_words: UnitWords, *, blinded: bool) -> str:
    """The README of an export that has these files beside it."""
    names = set(file_names)
    return README.format(
        title=escape_markdown(title),
        kind="Blinded" if blinded else "Unblinded",
        round_id=round_id,
        evidence=_file_table(EVIDENCE_FILES, names, unit_words),
        check=CHECK if SCRIPT_FILE in names else CHECK_OF_VERSION_0_1,
        views=_file_table(VIEW_FILES, names, unit_words),
    )


def _file_table(meanings: dict[str, str], names: set[str], unit_words: UnitWords) -> str:
    folders = {f"{name.partition('/')[0]}/" for name in names if "/" in name}
    lines = [f"| {name} | {unit_words.say(meaning)} |" for name, meaning in meanings.items() if name in names | folders]
    return "\n".join(["| file | what it is |", "|---|---|", *lines])
