"""First Glance from Python: what fraction of a language model's units can a person understand at first glance?

    import firstglance as fg

    solu = fg.harvest("1L-solu_ln", corpus="texts", out="archives/solu")
    gelu = fg.harvest("1L-gelu", corpus="texts", out="archives/gelu")
    design = fg.Design.from_preset("solu-rank", title="A first look", arms={"baseline": gelu, "solu": solu})
    study = fg.Round.create(design, [gelu, solu], data="data")
    study.seal(keys_to="round.key")

What is in `__all__` is public, and nothing else is; the manual is docs/python.md. Importing this package loads nothing
but itself: a name loads what it needs when it is used for the first time, and torch when something is harvested.
"""

from typing import TYPE_CHECKING

from firstglance.own_code import require_own_code

require_own_code()

if TYPE_CHECKING:
    from types import ModuleType

    from app import __version__
    from app.foundation.errors import FirstGlanceError
    from firstglance.designs import PRESETS, Archive, Cell, Design
    from firstglance.export_file import ExportFile, Verification, verify
    from firstglance.harvesting import harvest, harvest_callable, harvest_pair, harvest_rows
    from firstglance.results import Result
    from firstglance.round_handle import InvitedEvaluator, Round, RoundProgress, SealedRound
    from firstglance.serving import Server, serve

__all__ = [
    "PRESETS",
    "Archive",
    "Cell",
    "Design",
    "ExportFile",
    "FirstGlanceError",
    "InvitedEvaluator",
    "Result",
    "Round",
    "RoundProgress",
    "SealedRound",
    "Server",
    "Verification",
    "__version__",
    "harvest",
    "harvest_callable",
    "harvest_pair",
    "harvest_rows",
    "serve",
    "verify",
]


def __getattr__(name: str) -> object:
    """A public name, loaded when it is used for the first time. Raises AttributeError for any other."""
    if name not in __all__:
        msg = f"firstglance has no public name {name}; it has {', '.join(__all__)}"
        raise AttributeError(msg)
    public_object: object = getattr(_home_of(name), name)
    globals()[name] = public_object
    return public_object


def __dir__() -> list[str]:
    """The public names, for completion."""
    return sorted(__all__)


def _home_of(name: str) -> "ModuleType":
    """The module that has a public name, which loads no more than what is used with it."""
    if name in {"PRESETS", "Archive", "Cell", "Design"}:
        from firstglance import designs

        return designs
    if name in {"harvest", "harvest_callable", "harvest_pair", "harvest_rows"}:
        from firstglance import harvesting

        return harvesting
    if name in {"ExportFile", "Verification", "verify"}:
        from firstglance import export_file

        return export_file
    if name in {"Server", "serve"}:
        from firstglance import serving

        return serving
    if name in {"__version__", "FirstGlanceError"}:
        from firstglance import program

        return program
    from firstglance import round_handle

    return round_handle
