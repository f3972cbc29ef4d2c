"""Run as a program by the tests of resuming: harvest the folder of a model, to be killed at any moment."""

import sys
from pathlib import Path

from app.harvest.options import HarvestOptions
from app.harvest.progress import silent
from app.harvest.run import harvest_model
from app.models.model_folder import load_model

OPTIONS = HarvestOptions(tokens=24_000, k=4, sample=200, save_every=0.0)

if __name__ == "__main__":
    model, corpus, out = sys.argv[1:]
    harvest_model(load_model(Path(model)), "tiny", corpus, Path(out), OPTIONS, silent)
