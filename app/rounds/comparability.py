"""Whether the arms of each stratum differ in nothing but what the design declares. Pure.

A difference of the harvests (another text, another site) would be read as a difference of the arms. So archives agree
in every field of `HARVEST_FIELDS`, and are of different units, unless the design names the field in `contrasts`.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

from app.archive.archive import Archive
from app.archive.tables import NEURONS_TABLE
from app.foundation.errors import DesignError
from app.foundation.typed_text import in_one_line
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


def harvest_differences(design: Design, archives: Archives) -> Iterator[str]:
    """A sentence for every arm whose archive says something else of its harvest than the design says."""
    for cell in design.arms:
        if cell.harvest is None or cell.archive_sha256 not in archives:
            continue
        actual = HarvestFacts.from_manifest(archives[cell.archive_sha256].manifest)
        names = [name for name in HarvestFacts.model_fields if getattr(cell.harvest, name) != getattr(actual, name)]
        if names:
            said, read = (in_one_line(str(getattr(each, names[0]))) for each in (cell.harvest, actual))
            yield (
                f"Cell {in_one_line(cell.arm)} in {in_one_line(cell.stratum)}: {names[0]} of its harvest is {said} in "
                f"the design and {read} in the archive."
            )


def _pairs_with_reference(design: Design, archives: Archives) -> list[PairOfArms]:
    harvests = [_harvest_of(cell, archives) for cell in design.arms]
    references = {cell.stratum: (cell, harvest) for cell, harvest in harvests if cell.arm == design.reference}
    return [(references[cell.stratum], (cell, harvest)) for cell, harvest in harvests if cell.arm != design.reference]


def _harvest_of(cell: Cell, archives: Archives) -> HarvestOfArm:
    return cell, HarvestFacts.from_manifest(archives[cell.archive_sha256].manifest)


def _require_agreement(design: Design, harvest_field: HarvestField, compared: Sequence[PairOfArms]) -> None:
    differing = [pair for pair in compared if not harvest_field.agree(pair[0][1], pair[1][1], design.contrasts)]
    if harvest_field.contrast in design.contrasts:
        if not differing:
            words = harvest_field.words_of(compared[0][0][1], design.contrasts)
            raise DesignError(_needless(harvest_field.contrast, words))
    elif differing:
        raise DesignError(_mismatch(design, harvest_field, differing[0]))


def _mismatch(design: Design, harvest_field: HarvestField, pair_of_arms: PairOfArms) -> str:
    (cell, harvest), (other_cell, other_harvest) = pair_of_arms
    harvests = (harvest, other_harvest)
    values = [harvest_field.value_of(each, design.contrasts) for each in harvests]
    words, other_words = (harvest_field.words_of(each, design.contrasts) for each in harvests)
    problem = "nothing shows that they agree in" if None in values else "they differ in"
    return (
        f"The arms {quoted(cell.arm)} and {quoted(other_cell.arm)} in stratum {quoted(cell.stratum)} cannot be "
        f"compared: {problem} {harvest_field.noun}, {words} and {other_words}. Declare the difference, "
        f"{_declaration(design, harvest_field.contrast)}, or {harvest_field.advice}."
    )


def _declaration(design: Design, contrast: Contrast) -> str:
    """How to declare a contrast beside those that the design has."""
    contrasts = ", ".join(f'"{each}"' for each in (*design.contrasts, contrast))
    return f"contrasts = [{contrasts}] in the design or --contrast {contrast}"


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
                "The contrast “draw” is declared, but no two arms are of the same units. Leave it out of contrasts, or "
                "name one archive for both arms."
            )
            raise DesignError(msg)
    elif pairs:
        raise DesignError(_same_units(design, archives, *pairs[0]))


def _same_units(design: Design, archives: Archives, cell: Cell, other_cell: Cell) -> str:
    archive, other_archive = archives[cell.archive_sha256], archives[other_cell.archive_sha256]
    what = "have one archive" if archive.sha256 == other_archive.sha256 else "are of the same model and units"
    if archive.sha256 != other_archive.sha256 and _have_one_table(archive, other_archive):
        what = "have the same numbers for every unit, so they are of the same units under two names"
    name, stratum = quoted(other_cell.arm), quoted(other_cell.stratum)
    arms = f"{quoted(cell.arm)} and {name} in stratum {stratum}"
    if cell.stratum != other_cell.stratum:
        arms = f"{quoted(cell.arm)} in stratum {quoted(cell.stratum)} and {name} in stratum {stratum}"
    return (
        f"The arms {arms} {what}: which of them were drawn is all in which they differ. Name the archive of another "
        f"model, or declare that this is what the round is to measure, {_declaration(design, 'draw')}."
    )


def _pairs_of_same_units(design: Design, archives: Archives) -> Iterator[tuple[Cell, Cell]]:
    """Two arms of the same units, in one stratum or in two: either way a difference between them is the draw's."""
    harvests = {digest: HarvestFacts.from_manifest(archive.manifest) for digest, archive in archives.items()}
    for cell, other_cell in combinations(design.arms, 2):
        digest, other_digest = cell.archive_sha256, other_cell.archive_sha256
        archive, other_archive = archives[digest], archives[other_digest]
        if cell.arm != other_cell.arm and (
            _have_one_table(archive, other_archive)
            or (
                _differ_in_nothing(harvests[digest], harvests[other_digest])
                and _share_units(design, archive, other_archive)
            )
        ):
            yield cell, other_cell


def _have_one_table(archive: Archive, other_archive: Archive) -> bool:
    """Whether two archives have the very same numbers for every unit, so that they are of one function of one text."""
    return archive.manifest.files[NEURONS_TABLE] == other_archive.manifest.files[NEURONS_TABLE]


def _differ_in_nothing(harvest: HarvestFacts, other_harvest: HarvestFacts) -> bool:
    """Whether two harvests agree as far as it is known: a declared contrast of the same units is no draw alone."""
    return all(
        harvest_field.value_of(harvest, ()) == harvest_field.value_of(other_harvest, ())
        for harvest_field in HARVEST_FIELDS
    )


def _share_units(design: Design, archive: Archive, other_archive: Archive) -> bool:
    """Whether two archives are of the same weights and have units in common; functions have no weights."""
    weights = archive.manifest.model.weights_sha256
    if weights is None or weights != other_archive.manifest.model.weights_sha256:
        return False
    units, other_units = (
        {(neuron.layer, neuron.index) for neuron in neurons_of_layers(each.neurons(), design.layers)}
        for each in (archive, other_archive)
    )
    return not units.isdisjoint(other_units)
