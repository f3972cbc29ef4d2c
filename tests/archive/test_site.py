"""Sites are open names with a short grammar, and each says what its units are called."""

import pytest

from app.archive.site import LONGEST_NAME, is_site, layer_of_site, require_site, site_kind, site_named, unit_word_of


@pytest.mark.parametrize(
    ("site", "kind", "word"),
    [
        ("mlp.pre", "mlp", "neuron"),
        ("mlp.act", "mlp", "neuron"),
        ("mlp.post_ln", "mlp", "neuron"),
        ("resid.0", "resid", "dimension"),
        ("resid.11", "resid", "dimension"),
        ("sae:gpt2-res-jb/blocks.8", "sae", "latent"),
        ("hook:model.layers.3.self_attn", "hook", "unit"),
        ("directions:resid.2", "directions", "direction"),
        ("callable:my_probe", "callable", "unit"),
        ("callable", "callable", "unit"),
        (f"sae:{'x' * LONGEST_NAME}", "sae", "latent"),
    ],
)
def test_a_site_has_a_kind_and_a_word_for_its_units(site: str, kind: str, word: str) -> None:
    assert require_site(site) == site
    assert (site_kind(site), unit_word_of(site)) == (kind, word)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mlp",
        "mlp.out",
        "MLP.ACT",
        "mlp.act ",
        " mlp.act",
        "mlp.act\n",
        "resid",
        "resid.",
        "resid.-1",
        "resid.01",
        "resid.1000",
        "resid.²",
        "sae",
        "sae:",
        "sae:a b",
        "sae:é",
        "sae:a:b",
        "sae:<b>",
        "neuron:a",
        f"sae:{'x' * (LONGEST_NAME + 1)}",
    ],
)
def test_any_other_text_is_refused_with_the_grammar(text: str) -> None:
    assert not is_site(text)
    with pytest.raises(ValueError, match=r"is no site; sites are mlp\.pre, .*, resid\.LAYER, sae:NAME"):
        require_site(text)


def test_the_residual_stream_s_name_says_its_layer_and_no_other_name_does() -> None:
    assert layer_of_site("resid.12") == 12
    assert [layer_of_site(site) for site in ("mlp.act", "sae:resid.3", "callable")] == [None, None, None]


@pytest.mark.parametrize(
    ("text", "site"),
    [
        ("small sae (v2)", "sae:small_sae_v2_"),
        ("", "sae:_"),
        ("Žluť", "sae:_lu_"),
        ("x" * 100, f"sae:{'x' * LONGEST_NAME}"),
        ("a.b/c-d_e", "sae:a.b/c-d_e"),
    ],
)
def test_any_text_becomes_a_site_s_name(text: str, site: str) -> None:
    assert site_named("sae", text) == site
