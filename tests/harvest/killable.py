"""Run as a program by the tests of resuming: harvest the folder of a model, to be killed at any moment."""

import sys
from pathlib import Path

from app.harvest.harvests import harvest_model
from app.harvest.options import HarvestOptions
from app.harvest.progress import report_nothing
from app.models.model_folder import load_model

OPTIONS = HarvestOptions(tokens=10_000, window=24, overlap=8, k=4, sample=200, batch_size=32, save_every=0.0)
"""Three shards of short windows."""

if __name__ == "__main__":
    model, corpus, out = sys.argv[1:]
    harvest_model(load_model(Path(model)), "tiny", corpus, Path(out), OPTIONS, report_nothing)
