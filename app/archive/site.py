"""The names of sites: where in a model, or by what, the activations of an archive were read. Pure.

    mlp.pre | mlp.act | mlp.post_ln     the neurons of the MLP, in any layer
    resid.LAYER                         the residual stream after the block LAYER
    sae:NAME                            the latents of a sparse autoencoder or of a transcoder
    hook:NAME                           the output of a module
    directions:NAME                     random directions in the space of another site
    callable:NAME                       the units of a function

NAME has letters, digits and `._/-`, at most 60 of them. Archives of version 0.1 call every function `callable`.
"""

import re

MLP_SITES = ("mlp.pre", "mlp.act", "mlp.post_ln")
UNNAMED_CALLABLE = "callable"
"""The site of functions in archives of version 0.1, and of functions without a name."""
NAMED_KINDS = ("sae", "hook", "directions", "callable")
LONGEST_NAME = 60
GRAMMAR = (
    f"{', '.join(MLP_SITES)}, resid.LAYER, {', '.join(f'{kind}:NAME' for kind in NAMED_KINDS)}, "
    f"where NAME has letters, digits and ._/- and at most {LONGEST_NAME} of them"
)
_SITE = re.compile(
    r"mlp\.(?:pre|act|post_ln)|resid\.(?:0|[1-9][0-9]{0,2})|callable"
    rf"|(?:{'|'.join(NAMED_KINDS)}):[A-Za-z0-9._/-]{{1,{LONGEST_NAME}}}"
)
_UNIT_WORDS = {"mlp": "neuron", "resid": "dimension", "sae": "latent", "directions": "direction"}


def is_site(text: str) -> bool:
    """Whether a text is the name of a site."""
    return _SITE.fullmatch(text) is not None


def require_site(text: str) -> str:
    """The text, if it is the name of a site. Raises ValueError with the grammar if not."""
    if not is_site(text):
        msg = f"{text[: 2 * LONGEST_NAME]!r} is no site; sites are {GRAMMAR}"
        raise ValueError(msg)
    return text


def site_kind(site: str) -> str:
    """What stands before a site's dot or colon: `mlp`, `resid`, `sae`, `hook`, `directions` or `callable`."""
    return re.split(r"[.:]", require_site(site), maxsplit=1)[0]


def layer_of_site(site: str) -> int | None:
    """The one layer that a site's name says, as `resid.LAYER` does; None for every other site."""
    return int(site.removeprefix("resid.")) if site_kind(site) == "resid" else None


def unit_word_of(site: str) -> str:
    """What one unit of a site is called: neuron, latent, direction, dimension, or unit."""
    return _UNIT_WORDS.get(site_kind(site), "unit")


def site_named(prefix: str, text: str) -> str:
    """The site `prefix:NAME` with a name made of any text, such as a folder's name, and `_` for what no name has."""
    name = re.sub(r"[^A-Za-z0-9._/-]+", "_", text)[:LONGEST_NAME]
    return require_site(f"{prefix}:{name or '_'}")
