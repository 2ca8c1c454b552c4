"""The body that a robot is believed to be."""

from evoloco import spec
from evoloco.bundled import run_file, runs
from evoloco.errors import SpecError, UnknownNameError, user_code
from evoloco.members import member, members
from evoloco.morphology import Morphology
from evoloco.options import checked, free_numbers
from evoloco.spec import MorphologySpec


def morphology_of(name: str) -> MorphologySpec:
    """What a run file would say of a body.

    Args:
        name: A bundled morphology, the path of a .py file with one, or a run or run file whose
            [morphology] it is.

    Raises:
        UnknownNameError: It is none of these.
        SpecError: The run searches the body too.
    """
    if name in members("morphologies") or name.endswith(".py"):
        return MorphologySpec(name=name)
    if not name.endswith(".toml") and name not in runs():
        known = sorted({*members("morphologies"), *runs()})
        raise UnknownNameError("morphology or run", name, known)

    found = spec.read(run_file(name)).morphology
    if found.genes:
        raise SpecError(
            f"The run '{name}' searches its body, [morphology.genes]. Name one body, such as a run "
            "file with the champion's values in [morphology]."
        )
    return found


def build(told: MorphologySpec) -> Morphology:
    """A body as a run file tells it.

    Raises:
        SpecError: Its options do not fit.
    """
    module = member("morphologies", told.name, "morphology.name")
    numbers = free_numbers(module, module.build)
    own = MorphologySpec.model_fields
    options = checked(module.build, told.options, "morphology", own, numbers)
    with user_code(f"morphology: '{told.name}'"):
        body: Morphology = module.build(**options)
    return body
