"""Each way in which the archives of two arms can differ: what the second harvest has, and what the refusal says."""

from dataclasses import dataclass

from app.archive.manifest import ReadingRecord


@dataclass(frozen=True)
class Mismatch:
    """One field in which two archives differ."""

    contrast: str
    changes: dict[str, object]
    """What is otherwise in the manifest of the second archive, as `harvest_otherwise` takes it."""
    values: tuple[str, str]
    """Both values as the refusal names them."""


MISMATCHES = (
    Mismatch("site", {"site": "sae:res/0"}, ("mlp.act", "sae:res/0")),
    Mismatch(
        "site",
        {"reading": ReadingRecord(read_by="hook", place="blocks.0.hook_resid_pre", model_weights_sha256="1" * 64)},
        ("mlp.act", "mlp.act (hook at blocks.0.hook_resid_pre)"),
    ),
    Mismatch(
        "corpus",
        {"corpus__tokens": 8000},
        (
            "“by hand” (000000000000…) with 16,000 scored tokens in 400 windows",
            "with 8,000 scored tokens in 400 windows",
        ),
    ),
    Mismatch("corpus", {"corpus__windows": 800}, ("in 400 windows", "with 16,000 scored tokens in 800 windows")),
    Mismatch(
        "corpus",
        {"corpus__spec": "own text", "corpus__sha256": "c" * 64},
        ("“by hand” (000000000000…)", "“own text” (cccccccccccc…)"),
    ),
    Mismatch("windows", {"window": 64}, ("40 tokens without overlap", "64 tokens without overlap")),
    Mismatch("windows", {"overlap": 8}, ("40 tokens without overlap", "40 tokens with an overlap of 8")),
    Mismatch("k", {"k": 30}, ("20 strongest, of the groups ", "30 strongest, of the groups ")),
    Mismatch(
        "k",
        {"groups": {"top": 431, "quantile": 5}},
        ("20 strongest, of the groups ", "20 strongest, of the groups quantile, top"),
    ),
    Mismatch(
        "tokenizer",
        {"model__tokenizer_sha256": "d" * 64},
        ("000000000000… (of model “model 1”)", "dddddddddddd… (of model “model 2”)"),
    ),
    Mismatch(
        "tokenizer",
        {"model__tokenizer_sha256": None, "model__weights_sha256": None},
        ("000000000000… (of model “model 1”)", "unknown (of model “model 2”)"),
    ),
    Mismatch("depth", {"model__n_layers": 2}, ("depth, 1 (of model “model 1”)", "2 (of model “model 2”)")),
    Mismatch("arithmetic", {"dtype": "bfloat16"}, ("float32", "bfloat16")),
    Mismatch("duplicate_span", {"duplicate_span": 16}, ("none", "16 tokens")),
)
