"""Copy trained arms to where the demo looks for them: DEMO/<size>-<activation>/, each folder complete in itself.

    python scripts/training_text.py TEXT
    firstglance train TEXT --out TRAINED ...
    python scripts/demo_models.py TRAINED DEMO

Weights, config, tokenizer, training log, summary and certificate are copied; the card is written again under the
model's new name, and the loss curves of the size beside its folders. Running the script again gives the same bytes.
"""

import argparse
import shutil
from pathlib import Path

from app.models.folder_files import CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE
from app.models.loss_curves import write_loss_curves
from app.models.model_card import write_card
from app.models.pairing_certificate import CERTIFICATE_FILE, SUMMARY_FILE, certify_arms
from app.models.training_checkpoint import LOG_FILE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("trained", type=Path)
    parser.add_argument("demo", type=Path)
    parser.add_argument("--activations", default="gelu,solu_ln", help="the first is the baseline")
    options = parser.parse_args()
    publish_arms(options.trained, options.demo, options.activations.split(","))


def publish_arms(trained: Path, demo: Path, arm_names: list[str]) -> None:
    """Copy each arm of one size from `trained` into a folder of its own below `demo`."""
    certificate = certify_arms(trained, arm_names)
    size = f"{certificate.shared_config['n_layers']}L"
    for arm_name in arm_names:
        target = demo / f"{size}-{arm_name}"
        target.mkdir(parents=True, exist_ok=True)
        for name in (WEIGHTS_FILE, CONFIG_FILE, TOKENIZER_FILE, LOG_FILE, SUMMARY_FILE):
            shutil.copyfile(trained / arm_name / name, target / name)
        certificate.write(target)
        write_card(target)
        size_in_bytes = sum(path.stat().st_size for path in target.iterdir())
        print(f"{target}: {size_in_bytes / 1e6:.2f} MB, with {CERTIFICATE_FILE}")
    write_loss_curves({name: trained / name for name in arm_names}, demo / f"{size}-losses.svg")


if __name__ == "__main__":
    main()
