"""Sparse autoencoders and transcoders from folders in SAELens's format: `cfg.json` and `sae_weights.safetensors`.

What is read is the encoder: from a tensor of the model to the latents' activations.

    x = normalised input - b_dec               if apply_b_dec_to_input (Bricken et al., 2023)
    h = x W_enc + b_enc                        [..., latent]
    standard    relu(h)
    gated       [x W_enc + b_gate > 0] relu(exp(r_mag) x W_enc + b_mag)       (Rajamanoharan et al., 2024a)
    jumprelu    relu(h) [h > threshold]                                       (Rajamanoharan et al., 2024b)
    topk        relu(h) for the k largest h of a token, 0 for all others      (Gao et al., 2024)
    batchtopk   as jumprelu, with the one threshold that training has learned (Bussmann et al., 2024)
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from app.foundation.digest import sha256_of_file, sha256_of_json
from app.foundation.errors import ModelError
from app.models.model_folder import read_safetensors, require_exact_keys
from app.models.sae_config import SaeConfig, load_sae_config

SAE_WEIGHTS_FILE = "sae_weights.safetensors"
LAYER_NORM_EPS = 1e-5
"""What SAELens adds to the deviation."""


@dataclass(frozen=True)
class SparseAutoencoder:
    """An encoder that is ready to run, in float32."""

    sae_config: SaeConfig
    weights: Mapping[str, Tensor]
    """By SAELens's names; a threshold is always called `threshold`."""
    sha256: str
    """The digest of what the config says of the encoder and of the weights file."""
    folder: Path

    def to(self, device: str) -> "SparseAutoencoder":
        """The same on a device."""
        return replace(self, weights={name: tensor.to(device) for name, tensor in self.weights.items()})

    def encoder_input(self, tensor: Tensor) -> Tensor:
        """What is multiplied with the encoder, [..., d_in], from a tensor of the model [..., d_in]."""
        x = tensor.float()
        if self.sae_config.normalize_activations == "layer_norm":
            x = x - x.mean(dim=-1, keepdim=True)
            x = x / (x.std(dim=-1, keepdim=True) + LAYER_NORM_EPS)
        elif self.sae_config.normalize_activations == "constant_norm_rescale":
            x = x * (self.sae_config.d_in**0.5 / x.norm(dim=-1, keepdim=True))
        return x - self.weights["b_dec"] if self.sae_config.subtracts_decoder_bias else x

    def latents(self, encoder_input: Tensor) -> Tensor:
        """The latents' activations [..., d_sae], from what `encoder_input` returned."""
        products = encoder_input @ self.weights["W_enc"]
        if self.sae_config.nonlinearity == "gated":
            magnitudes = products * self.weights["r_mag"].exp() + self.weights["b_mag"]
            gate: Tensor = products + self.weights["b_gate"] > 0
            return magnitudes.relu() * gate
        hidden = products + self.weights["b_enc"]
        if self.sae_config.rescales_by_decoder:
            hidden = hidden * self.weights["W_dec"].norm(dim=-1)
        if self.sae_config.nonlinearity == "jumprelu":
            is_above: Tensor = hidden > self.weights["threshold"]
            return hidden.relu() * is_above
        if self.sae_config.nonlinearity == "topk":
            assert self.sae_config.k is not None
            largest = hidden.topk(self.sae_config.k, dim=-1)
            return torch.zeros_like(hidden).scatter_(-1, largest.indices, largest.values.relu())
        return hidden.relu()

    @property
    def encoder_norms(self) -> Tensor:
        """[latent] the norms of the encoder's directions."""
        norms: Tensor = self.weights["W_enc"].norm(dim=0)
        return norms


def load_sparse_autoencoder(folder: Path) -> SparseAutoencoder:
    """Read a folder in SAELens's format.

    Raises ModelError, naming the file and the key, if it is damaged or of a kind whose latents cannot be computed.
    """
    sae_config = load_sae_config(folder)
    path = folder / SAE_WEIGHTS_FILE
    tensors = read_safetensors(path)
    tensors.pop("scaling_factor", None)  # of older versions, which scales the decoder's output alone
    if sae_config.architecture == "jumprelu" and "log_threshold" in tensors:
        tensors["threshold"] = tensors.pop("log_threshold").float().exp()
    if "topk_threshold" in tensors and tensors["topk_threshold"].numel() == 1:
        tensors["threshold"] = tensors.pop("topk_threshold").reshape(1).expand(sae_config.d_sae)
    require_exact_keys(_expected_shapes(sae_config), tensors, path)
    weights = {name: _finite_weights(tensor, name, path) for name, tensor in tensors.items()}
    described = sae_config.model_dump(mode="json", exclude={"model_from_pretrained_kwargs"})
    described["is_of_centred_model"] = sae_config.is_of_centred_model
    return SparseAutoencoder(
        sae_config=sae_config,
        weights=weights,
        sha256=sha256_of_json({"config": described, "weights": sha256_of_file(path)}),
        folder=folder,
    )


def _finite_weights(tensor: Tensor, name: str, path: Path) -> Tensor:
    """A weight in float32, from whatever kind of number the file has. Raises ModelError if it is no finite number."""
    if not tensor.is_floating_point():
        msg = f"{path}: {name} holds {tensor.dtype}, expected numbers with a fraction, such as float32; copy it again"
        raise ModelError(msg)
    try:
        weights = tensor.float()
    except (NotImplementedError, RuntimeError) as error:  # kinds for which PyTorch has no arithmetic
        msg = f"{path}: {name} holds {tensor.dtype}, which cannot be computed with; save it in float32"
        raise ModelError(msg) from error
    if not bool(weights.isfinite().all()):  # a larger number than float32 has is none, too
        msg = f"{path}: {name} holds values that are no finite numbers; copy the file again"
        raise ModelError(msg)
    return weights


def _expected_shapes(sae_config: SaeConfig) -> dict[str, tuple[int, ...]]:
    """The shape of every weight, by its name."""
    latents, d_out = (
        (sae_config.d_sae,),
        sae_config.d_out if sae_config.is_transcoder and sae_config.d_out else sae_config.d_in,
    )
    shapes: dict[str, tuple[int, ...]] = {
        "W_enc": (sae_config.d_in, sae_config.d_sae),
        "W_dec": (sae_config.d_sae, d_out),
        "b_dec": (d_out,),
    }
    if sae_config.nonlinearity == "gated":
        return shapes | {"b_gate": latents, "b_mag": latents, "r_mag": latents}
    shapes["b_enc"] = latents
    if sae_config.nonlinearity == "jumprelu":
        shapes["threshold"] = latents
    if sae_config.has_skip:
        shapes["W_skip"] = (d_out, sae_config.d_in)
    return shapes
