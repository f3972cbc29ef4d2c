"""The word for units takes the place of “neuron” in our own sentences, with its article and its plural."""

import pytest

from app.rounds.unit_words import UnitWords


@pytest.mark.parametrize(
    ("by_arm", "said"),
    [
        ({}, "Neurons of a neuron; its neurons' neuron."),
        ({"a": "latent", "b": "latent"}, "Latents of a latent; its latents' latent."),
        ({"a": "latent", "b": "neuron"}, "Units of a unit; its units' unit."),
        ({"a": "image"}, "Images of an image; its images' image."),
    ],
)
def test_a_sentence_about_neurons_is_said_of_other_units(by_arm: dict[str, str], said: str) -> None:
    assert UnitWords(by_arm).say("Neurons of a neuron; its neurons' neuron.") == said


def test_of_one_arm_its_own_word_is_said() -> None:
    words = UnitWords({"sae": "latent", "gelu": "neuron"})
    assert (words.of_arm("sae"), words.of_arm("gelu"), words.common) == ("latents", "neurons", "unit")
    assert UnitWords({}).of_arm("sae") == "neurons"
