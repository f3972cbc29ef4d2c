"""Put trained arms where the demo looks for them: DEMO/<size>-<activation>/, each folder complete in itself.

    python scripts/training_text.py TEXT
    firstglance train TEXT --out TRAINED ...
    python scripts/demo_models.py TRAINED DEMO

Weights, config, tokenizer, training log, summary and certificate are copied; the card is written anew under the
model's new name, and the loss curves of the size beside its folders. Run again, it gives the same bytes.
"""

import argparse
import shutil
from pathlib import Path

from app.models.loss_curves import write_loss_curves
from app.models.model_card import write_card
from app.models.model_folder import CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE
from app.models.pairing_certificate import CERTIFICATE_FILE, SUMMARY_FILE, certify_arms
from app.models.progress import LOG_FILE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("trained", type=Path)
    parser.add_argument("demo", type=Path)
    parser.add_argument("--activations", default="gelu,solu_ln", help="the first is the baseline")
    given = parser.parse_args()
    publish(given.trained, given.demo, given.activations.split(","))


def publish(trained: Path, demo: Path, activations: list[str]) -> None:
    certificate = certify_arms(trained, activations)
    size = f"{certificate.shared_config['n_layers']}L"
    for activation in activations:
        target = demo / f"{size}-{activation}"
        target.mkdir(parents=True, exist_ok=True)
        for name in (WEIGHTS_FILE, CONFIG_FILE, TOKENIZER_FILE, LOG_FILE, SUMMARY_FILE):
            shutil.copyfile(trained / activation / name, target / name)
        certificate.write(target)
        write_card(target)
        print(f"{target}: {sum(one.stat().st_size for one in target.iterdir()) / 1e6:.2f} MB, with {CERTIFICATE_FILE}")
    write_loss_curves({name: trained / name for name in activations}, demo / f"{size}-losses.svg")


if __name__ == "__main__":
    main()
