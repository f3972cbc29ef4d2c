"""Everything that a harvest needs to run, and what must stay the same when a killed one goes on."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from app import __version__
from app.foundation.json_types import JsonObject, JsonValue, to_json_value
from app.harvest.arms.arm import HarvestArm
from app.harvest.options import HarvestOptions
from app.harvest.text.source import TextSource

LIBRARIES = ("numpy", "pyarrow", "tokenizers", "torch")
STATE_VERSION = 3
"""The version of a checkpoint's files; a harvest whose checkpoint has another version is not continued."""
WITHOUT_EFFECT = frozenset({"batch_size", "device", "save_every"})
"""Options that change nothing in an archive."""


@dataclass(frozen=True)
class HarvestPlan:
    """Everything that a harvest needs to run."""

    harvest_arms: Sequence[HarvestArm]
    text: TextSource
    archive_paths_by_arm: Sequence[Mapping[str, Path]]
    """For each arm, the path of its archive at each site."""
    checkpoint_folder: Path
    options: HarvestOptions

    def identity(self, spec: str) -> JsonObject:
        """Everything that must be the same when a killed harvest goes on, as JSON."""
        options: JsonObject = {
            name: value for name, value in asdict(self.options).items() if name not in WITHOUT_EFFECT
        }
        channels: list[JsonValue] = [
            [*channel, neuron_count] for arm in self.harvest_arms for channel, neuron_count in arm.channels.items()
        ]
        return {
            "models": [arm.record.model_dump(mode="json") for arm in self.harvest_arms],
            "readings": [_dump_reading(arm) for arm in self.harvest_arms],
            "answers": [arm.trial_output_sha256 for arm in self.harvest_arms],
            "channels": channels,
            "spec": spec,
            "options": options,
            "versions": dict(library_versions()),
            "state_version": STATE_VERSION,
        }


def _dump_reading(harvest_arm: HarvestArm) -> JsonValue:
    """What is read of an arm's model and what of it was drawn at random, as JSON."""
    return to_json_value([harvest_arm.reading, list(harvest_arm.controls)])


def library_versions() -> dict[str, str]:
    """The versions of Python, First Glance and the libraries that an archive's bytes may depend on."""
    own = {"firstglance": __version__, "python": platform.python_version()}
    return own | {name: version(name) for name in LIBRARIES}
