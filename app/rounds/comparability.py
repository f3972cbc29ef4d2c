"""Whether the arms of each stratum differ in nothing but what the design declares. Pure.

A difference of the harvests (another text, another site) would be read as a difference of the arms. So archives agree
in every field of `HARVEST_FIELDS`, and are of different units, unless the design names the field in `contrasts`.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

from app.archive.archive import Archive
from app.archive.tables import NEURONS_TABLE
from app.foundation.errors import DesignError
from app.rounds.archive_frame import Archives, require_archives, require_sites
from app.rounds.cell import Cell
from app.rounds.design import Design
from app.rounds.design_fields import Contrast
from app.rounds.frame_draws import neurons_of_layers
from app.rounds.harvest_facts import HarvestFacts
from app.rounds.harvest_fields import HARVEST_FIELDS, HarvestField, quoted

HarvestOfArm = tuple[Cell, HarvestFacts]
"""A cell and how its archive was harvested."""
PairOfArms = tuple[HarvestOfArm, HarvestOfArm]
"""The reference arm of a stratum and another arm of it."""


def require_comparable(design: Design, archives: Archives) -> None:
    """Raise DesignError if arms of a stratum differ in what the design does not declare, or not in what it declares."""
    require_archives(design, archives)
    require_sites(design, archives)
    pairs = _pairs_with_reference(design, archives)
    for harvest_field in HARVEST_FIELDS:
        _require_agreement(design, harvest_field, pairs)
    _require_other_units(design, archives)


def with_harvests(design: Design, archives: Archives) -> Design:
    """The design whose arms say how their archives were harvested."""
    arms = [
        cell.model_copy(update={"harvest": HarvestFacts.from_manifest(archives[cell.archive_sha256].manifest)})
        for cell in design.arms
    ]
    return design.with_changes(arms=tuple(arms))


def _pairs_with_reference(design: Design, archives: Archives) -> list[PairOfArms]:
    harvests = [_harvest_of(cell, archives) for cell in design.arms]
    references = {cell.stratum: (cell, harvest) for cell, harvest in harvests if cell.arm == design.reference}
    return [(references[cell.stratum], (cell, harvest)) for cell, harvest in harvests if cell.arm != design.reference]


def _harvest_of(cell: Cell, archives: Archives) -> HarvestOfArm:
    return cell, HarvestFacts.from_manifest(archives[cell.archive_sha256].manifest)


def _require_agreement(design: Design, harvest_field: HarvestField, compared: Sequence[PairOfArms]) -> None:
    differing = [pair for pair in compared if not harvest_field.agree(pair[0][1], pair[1][1])]
    if harvest_field.contrast in design.contrasts:
        if not differing:
            raise DesignError(_needless(harvest_field.contrast, harvest_field.words_of(compared[0][0][1])))
    elif differing:
        raise DesignError(_mismatch(harvest_field, differing[0]))


def _mismatch(harvest_field: HarvestField, pair_of_arms: PairOfArms) -> str:
    (cell, harvest), (other_cell, other_harvest) = pair_of_arms
    values = (harvest_field.value_of(harvest), harvest_field.value_of(other_harvest))
    problem = "nothing shows that they agree in" if None in values else "they differ in"
    return (
        f"The arms {quoted(cell.arm)} and {quoted(other_cell.arm)} in stratum {quoted(cell.stratum)} cannot be "
        f"compared: {problem} {harvest_field.noun}, {harvest_field.words_of(harvest)} and "
        f"{harvest_field.words_of(other_harvest)}. Declare the difference, {_declaration(harvest_field.contrast)}, or "
        f"{harvest_field.advice}."
    )


def _declaration(contrast: Contrast) -> str:
    return f'contrasts = ["{contrast}"] in the design or --contrast {contrast}'


def _needless(contrast: Contrast, words: str) -> str:
    return (
        f"The contrast “{contrast}” is declared but the same everywhere: {words}. Leave it out of contrasts, or name "
        "other archives."
    )


def _require_other_units(design: Design, archives: Archives) -> None:
    """Refuse two arms of the same units, and the contrast "draw" without such arms."""
    pairs = list(_pairs_of_same_units(design, archives))
    if "draw" in design.contrasts:
        if not pairs:
            msg = (
                "The contrast “draw” is declared, but no two arms of a stratum are of the same units. Leave it out of "
                "contrasts, or name one archive for both arms."
            )
            raise DesignError(msg)
    elif pairs:
        raise DesignError(_same_units(*pairs[0]))


def _same_units(cell: Cell, other_cell: Cell) -> str:
    what = "have one archive" if cell.archive_sha256 == other_cell.archive_sha256 else "are of the same model and units"
    return (
        f"The arms {quoted(cell.arm)} and {quoted(other_cell.arm)} in stratum {quoted(cell.stratum)} {what}, so that "
        f"they differ by the draw alone. Name the archive of another model, or declare that this is what the round is "
        f"to measure, {_declaration('draw')}."
    )


def _pairs_of_same_units(design: Design, archives: Archives) -> Iterator[tuple[Cell, Cell]]:
    for cell, other_cell in combinations(design.arms, 2):
        archive, other_archive = archives[cell.archive_sha256], archives[other_cell.archive_sha256]
        if cell.stratum == other_cell.stratum and (
            archive.sha256 == other_archive.sha256
            or (_differ_in_nothing(archive, other_archive) and _share_units(design, archive, other_archive))
        ):
            yield cell, other_cell


def _differ_in_nothing(archive: Archive, other_archive: Archive) -> bool:
    """Whether two harvests agree as far as it is known: a declared contrast of the same units is no draw alone."""
    harvest, other_harvest = (
        HarvestFacts.from_manifest(archive.manifest),
        HarvestFacts.from_manifest(other_archive.manifest),
    )
    return all(
        harvest_field.value_of(harvest) == harvest_field.value_of(other_harvest) for harvest_field in HARVEST_FIELDS
    )


def _share_units(design: Design, archive: Archive, other_archive: Archive) -> bool:
    """Whether two archives are of the same weights and have units in common.

    Functions have no weights; only archives with the very same numbers are known to be of one.
    """
    if archive.manifest.files[NEURONS_TABLE] == other_archive.manifest.files[NEURONS_TABLE]:
        return True
    weights = archive.manifest.model.weights_sha256
    if weights is None or weights != other_archive.manifest.model.weights_sha256:
        return False
    units, other_units = (
        {(neuron.layer, neuron.index) for neuron in neurons_of_layers(each.neurons(), design.layers)}
        for each in (archive, other_archive)
    )
    return not units.isdisjoint(other_units)
