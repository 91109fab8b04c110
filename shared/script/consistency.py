"""Contradictions between parts of a script, each of which is right when taken alone."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import ValidationError

from shared.keys import AssetKind
from shared.providers.capabilities import capability_of, engines_of, makers_of, titles
from shared.providers.engines import Engine
from shared.providers.names import TITLES
from shared.script.limits import MAX_LINES
from shared.script.options import merged
from shared.script.problems import ScriptProblem, did_you_mean, enumerated, path_of, plain, quoted

if TYPE_CHECKING:
    from shared.script.models import Script


class ContradictoryScript(ValueError):
    """Parts of a script contradict each other."""

    def __init__(self, problems: tuple[ScriptProblem, ...]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


def refuse_contradictions(script: "Script") -> None:
    """Check what fields say about each other.

    Raises
    ------
    ContradictoryScript
        With every contradiction, and where it is.
    """
    problems = (
        *_repeated_characters(script),
        *_repeated_scenes(script),
        *_undeclared_characters(script),
        *_too_many_lines(script),
        *_outputs_without_what_is_generated(script),
        *_inputs_that_exclude_each_other(script),
        *_providers_that_cannot(script),
    )
    if problems:
        raise ContradictoryScript(problems)


def _repeated_characters(script: "Script") -> Iterator[ScriptProblem]:
    first_at: dict[str, int] = {}
    for index, character in enumerate(script.characters):
        first = first_at.setdefault(character.name.casefold(), index)
        if first != index:
            yield ScriptProblem(
                path_of(("characters", index, "name")),
                f"{quoted(character.name)} is the name of characters[{first}] already",
                "give every character a name of its own; upper and lower case do not tell names apart",
            )


def _repeated_scenes(script: "Script") -> Iterator[ScriptProblem]:
    first_at: dict[int, int] = {}
    for index, scene in enumerate(script.scenes):
        first = first_at.setdefault(scene.number, index)
        if first != index:
            yield ScriptProblem(
                path_of(("scenes", index, "number")),
                f"{scene.number} is the number of scenes[{first}] already",
                "give every scene a number of its own",
            )


def _undeclared_characters(script: "Script") -> Iterator[ScriptProblem]:
    names = [character.name for character in script.characters]
    declared = enumerated([plain(name) for name in names])
    for scene_index, scene in enumerate(script.scenes):
        for line_index, line in enumerate(scene.lines):
            if line.character not in names:
                yield ScriptProblem(
                    path_of(("scenes", scene_index, "lines", line_index, "character")),
                    f"{quoted(line.character)} is not among the characters ({declared})",
                    did_you_mean(line.character, names),
                )


def _too_many_lines(script: "Script") -> Iterator[ScriptProblem]:
    lines = sum(len(scene.lines) for scene in script.scenes)
    if lines > MAX_LINES:
        yield ScriptProblem(
            "scenes", f"have {lines} lines together; an episode has at most {MAX_LINES}", "make two episodes"
        )


def _outputs_without_what_is_generated(script: "Script") -> Iterator[ScriptProblem]:
    if script.outputs and script.aspect_ratio not in script.outputs:
        yield ScriptProblem(
            "outputs",
            f"do not have the script's own aspect_ratio, {script.aspect_ratio}, among them",
            f"add {script.aspect_ratio}, or leave aspect_ratio out: then the first of outputs is generated",
        )


def _inputs_that_exclude_each_other(script: "Script") -> Iterator[ScriptProblem]:
    levels = [
        *(("characters", index, character.models) for index, character in enumerate(script.characters)),
        *(("scenes", index, scene.models) for index, scene in enumerate(script.scenes)),
    ]
    for group, index, models in levels:
        try:
            merged(script.models.ideogram, models.ideogram)
        except ValidationError:
            yield ScriptProblem(
                path_of((group, index, "models", "ideogram")),
                "style and style_codes exclude each other, and the script's own models.ideogram sets the other one",
                "set both on the same level, or leave one out",
            )
    for index, character in enumerate(script.characters):
        style_codes = character.models.ideogram.style_codes or script.models.ideogram.style_codes
        if character.style_references and style_codes:
            yield ScriptProblem(
                path_of(("characters", index, "style_references")),
                "cannot be used together with style_codes of models.ideogram",
                "leave one of the two out",
            )


def _providers_that_cannot(script: "Script") -> Iterator[ScriptProblem]:
    """Yield whoever is named for clips and runs no engine of the script, and each engine that nobody named runs."""
    named = script.providers.clip if script.providers else None
    engines = [engine for engine in script.engines if engine is not Engine.STILL]
    if not isinstance(named, tuple) or not engines:
        return
    listed = enumerated([str(engine) for engine in engines])
    for name in named:
        if not any(capability_of(name, AssetKind.CLIP, engine) for engine in engines):
            runs = enumerated([str(engine) for engine in engines_of(name)])
            hint = f"its engines are {runs}: add one of them to engines, or leave {name} out"
            yield ScriptProblem("providers", f"{TITLES[name]} cannot make clips with the engine {listed}", hint)
    for engine in engines:
        if not any(capability_of(name, AssetKind.CLIP, engine) for name in named):
            who = titles(makers_of(AssetKind.CLIP, engine))
            hint = f"it is to be had at {who}: add one of them, or leave the engine out"
            yield ScriptProblem("engines", f"{quoted(str(engine))} is run by none of the providers of clips", hint)
