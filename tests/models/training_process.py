"""Training in a process that can be killed, forked from a server that has imported torch once."""

import multiprocessing
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import torch
import torch._dynamo  # every optimiser imports it, which takes seconds

from app.models.recipe import Recipe
from app.models.training import train_arms
from tests.models.conftest import tiny_config


def train_in_one_thread(source: Path, out: Path, recipe: Recipe) -> None:
    """Train, in the process that the test kills."""
    torch.set_num_threads(1)
    train_arms(source, out, tiny_config("solu_ln"), ("solu_ln",), recipe)


def start_training(source: Path, out: Path, recipe: Recipe) -> ForkServerProcess:
    """A process that has begun to train."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    process = context.Process(target=train_in_one_thread, args=(source, out, recipe))
    process.start()
    return process


def wait_for_exit_code(process: ForkServerProcess) -> int:
    """Wait for the end; minus the signal for a process that was killed."""
    process.join()
    assert process.exitcode is not None
    return process.exitcode
