"""CITATION.cff of an export: how to cite the data set, and the paper whose protocol it follows."""

import json

CFF = """cff-version: 1.2.0
message: If you use these data, please cite them and the paper whose protocol they follow.
type: dataset
title: {title}
abstract: {headline}
authors:
  - name: The round's owners
license: CC-BY-4.0
identifiers:
  - type: other
    value: {commitment}
    description: SHA-256 commitment published before the first judgment
references:
  - type: article
    title: Softmax Linear Units
    authors:
      - family-names: Elhage
        given-names: Nelson
      - name: and others
    journal: Transformer Circuits Thread
    year: 2022
    url: https://transformer-circuits.pub/2022/solu/index.html
"""


def citation(title: str, headline: str, commitment: str) -> str:
    """The file's text; JSON strings are YAML strings."""
    return CFF.format(
        title=json.dumps(title, ensure_ascii=False),
        headline=json.dumps(headline, ensure_ascii=False),
        commitment=json.dumps(f"sha256:{commitment}"),
    )
