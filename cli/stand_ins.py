"""Whether anybody but fal is wanted: only then does this machine simulate the others too."""

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from cli.folder import require_good_script
from shared.batches.manifest import Batch
from shared.providers.names import ProviderName
from shared.providers.routing import Routing, RoutingField, resolved
from shared.script.problems import ScriptInvalid

_WRITTEN: TypeAdapter[Routing] = TypeAdapter(RoutingField)


def names_stand_ins(routing: Routing | None) -> bool:
    """Tell whether a routing names anybody but fal."""
    orders = () if routing is None else (order for _, order in routing)
    return any(order is not None and set(resolved(order)) != {ProviderName.FAL} for order in orders)


def batch_names_stand_ins(batch: Batch, folders: dict[str, Path]) -> bool:
    """Tell whether a script of a batch, or what a variant has otherwise, names anybody but fal.

    Parameters
    ----------
    folders
        The folders that lie on this machine, by their episodes.
    """
    overrides = (entry.overrides["providers"] for entry in batch.entries if "providers" in entry.overrides)
    return any(_says_so(written) for written in overrides) or any(map(_script_names_them, folders.values()))


def _says_so(written: object) -> bool:
    try:
        return names_stand_ins(_WRITTEN.validate_python(written))
    except ValidationError:
        return False  # the batch says what is wrong with it


def _script_names_them(folder: Path) -> bool:
    try:
        return names_stand_ins(require_good_script(folder).providers)
    except ScriptInvalid:
        return False
