"""English plurals and counted nouns. Pure."""


def plural_of(noun: str) -> str:
    """The plural of a noun that forms it with an s, such as neuron, latent and direction."""
    return f"{noun}s"
