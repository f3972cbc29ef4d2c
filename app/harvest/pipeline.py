"""How a harvest runs: every shard goes through every arm, then the archives are written.

Results are written to a checkpoint shard by shard. A run that was killed goes on from its checkpoint, and ends with the
same archive to the last byte.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from app.archive.archive import Archive
from app.foundation.file_lock import HeldElsewhere, file_lock
from app.harvest.archive_errors import already_exists, cannot_be_written, is_written_now
from app.harvest.checkpoint import Checkpoint
from app.harvest.finish.write_archive import FinishedArm, HarvestContext, finish_arm, write_archive
from app.harvest.plan import HarvestPlan, library_versions
from app.harvest.progress import ReportProgress
from app.harvest.scan.memory import keep_freed_memory
from app.harvest.scan.model_scan import ModelScan
from app.harvest.shard_run import Meter, ScanRunner, make_scan, scan_in_this_process

ArmArchives = list[dict[str, Archive]]
"""For each arm, its archives by site."""


def no_follow_up(arm_archives: ArmArchives) -> None:
    """Do nothing: most harvests are finished when their archives are written."""


def run_harvest(
    harvest_plan: HarvestPlan,
    spec: str,
    report: ReportProgress,
    run_scans: ScanRunner | None = None,
    after_archives: Callable[[ArmArchives], None] = no_follow_up,
) -> ArmArchives:
    """Read the text, write the archives, call `after_archives` with them, and then remove the checkpoint.

    `run_scans` reads the shards; it is `scan_in_this_process` by default.
    Raises ArchiveError, also if another harvest is writing there, CorpusError or ModelError.
    """
    folder = harvest_plan.checkpoint_folder
    with ExitStack() as held:
        try:
            held.enter_context(file_lock(folder.with_name(f".{folder.name}.lock")))
        except HeldElsewhere as error:
            raise is_written_now(folder) from error
        except OSError as error:
            raise cannot_be_written(folder, error) from error
        return _run_alone(harvest_plan, spec, report, run_scans, after_archives)


def _run_alone(
    harvest_plan: HarvestPlan,
    spec: str,
    report: ReportProgress,
    run_scans: ScanRunner | None,
    after_archives: Callable[[ArmArchives], None],
) -> ArmArchives:
    """Run the harvest while no other one writes to the same place."""
    for path in (path for paths in harvest_plan.archive_paths_by_arm for path in paths.values()):
        if path.exists() and not harvest_plan.checkpoint_folder.exists():
            raise already_exists(path)
    keep_freed_memory()
    checkpoint = Checkpoint(harvest_plan.checkpoint_folder, harvest_plan.identity(spec))
    scans = [make_scan(arm, harvest_plan.text.window_length, harvest_plan.options) for arm in harvest_plan.harvest_arms]
    meter = (run_scans or scan_in_this_process)(harvest_plan, scans, checkpoint, report)
    checkpoint.require_complete(meter.shard_count, len(harvest_plan.harvest_arms))
    archives = _write_archives(harvest_plan, scans, checkpoint, _harvest_context(harvest_plan, meter))
    after_archives(archives)
    checkpoint.remove()
    return archives


def _write_archives(
    harvest_plan: HarvestPlan, scans: Sequence[ModelScan], checkpoint: Checkpoint, harvest_context: HarvestContext
) -> ArmArchives:
    """Write every arm's archives; several arms at the same time if they are thread-safe."""
    finished = [
        finish_arm(arm, scan, checkpoint, arm_index, harvest_context)
        for arm_index, (arm, scan) in enumerate(zip(harvest_plan.harvest_arms, scans, strict=True))
    ]

    def write_sites(finished_and_paths: tuple[FinishedArm, Mapping[str, Path]]) -> dict[str, Archive]:
        arm, paths = finished_and_paths
        return {site: write_archive(arm, site, checkpoint, harvest_context, path) for site, path in paths.items()}

    tasks = zip(finished, harvest_plan.archive_paths_by_arm, strict=True)
    return list(scans[0].threads.map(write_sites, tasks))


def _harvest_context(harvest_plan: HarvestPlan, meter: Meter) -> HarvestContext:
    return HarvestContext(
        corpus=harvest_plan.text.corpus_record(meter.window_count, meter.token_count),
        window_length=harvest_plan.text.window_length,
        skipped_count=harvest_plan.text.skipped_count,
        special_count=meter.special_count,
        versions=library_versions(),
        options=harvest_plan.options,
    )
