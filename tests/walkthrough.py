"""Write docs/walkthrough.md: an episode from its recordings to its bill, as it is made on this machine.

``make walkthrough`` runs it. What is shown is what the commands wrote, and how long they took here.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
RECORDINGS = ROOT / "tests" / "fixtures" / "tiny-episode" / "audio"
PAGE = ROOT / "docs" / "walkthrough.md"
FOLDER = "hello"
_LIMIT = 300


@dataclass(frozen=True, slots=True)
class Step:
    """A command, and what is said before it.

    Parameters
    ----------
    exit_code
        How it has to end, for the walkthrough to be true.
    """

    words: str
    command: str
    exit_code: int = 0


STEPS = (
    Step("Two recordings lie in a folder, and nothing else.", f"ls {FOLDER}/audio"),
    Step(
        "`new` writes a script with a line for each, spoken by whom the files are named after.", f"episode new {FOLDER}"
    ),
    Step(
        "Before clips are paid for, we want to see the pictures. The rest of the script stays as it was written.",
        f"sed -i 's/^review: none      /review: storyboard/' {FOLDER}/script.yaml",
    ),
    Step("Is the script good?", f"episode validate {FOLDER}"),
    Step("What would it cost? Nothing is uploaded or bought to find out.", f"episode quote {FOLDER}"),
    Step("The run makes the pictures, then stops and waits for us: exit code 6.", f"episode run {FOLDER}", exit_code=6),
    Step("Anybody can look how it stands.", f"episode status {FOLDER}", exit_code=6),
    Step(
        "We like the pictures. `approve` goes on to the clips: as the next attempt on this machine, where a run ends "
        "with its command. The pictures are there, and are not bought again.",
        f"episode approve {FOLDER}",
    ),
    Step("What was bought, for how much, and how long did it take?", f"episode report {FOLDER}"),
    Step("Where is it?", f"episode open {FOLDER}"),
    Step("Running it again buys nothing.", f"episode run {FOLDER}"),
    Step(
        "Then we hear that the second recording goes on for too long, and cut it.",
        f"echo '        end: 0.9' >> {FOLDER}/script.yaml",
    ),
    Step("That costs this line's clip, and nothing else.", f"episode quote {FOLDER}"),
)

HEAD = """\
# A walkthrough

An episode of two short lines, from the recordings to the bill, on this machine: AWS and fal.ai are simulated, so that \
nothing is paid. With `FAL_KEY` set, or with `--stack` for a deployed stack, the commands are the same. `make \
walkthrough` writes this page anew; what follows is what the commands wrote.
"""


def main() -> None:
    """Run the steps in a folder of their own, and write the page."""
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copytree(RECORDINGS, Path(scratch, FOLDER, "audio"))
        pieces = [HEAD, *(_told(step, Path(scratch)) for step in STEPS)]
    PAGE.write_text("\n".join(pieces), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)} is written")  # noqa: T201 -- it is a command


def _told(step: Step, folder: Path) -> str:
    """Run a step; return it with what it wrote."""
    environment = {name: value for name, value in os.environ.items() if name not in {"FAL_KEY", "FAL_API_KEY"}}
    environment |= {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}", "COLUMNS": "100"}
    ended = subprocess.run(  # noqa: S602 -- the commands are those above, as a person types them
        step.command,
        shell=True,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_LIMIT,
        check=False,
    )
    if ended.returncode != step.exit_code:
        sys.exit(f"`{step.command}` ended with {ended.returncode}, not {step.exit_code}:\n{ended.stdout}")
    shown = "\n".join(line.rstrip() for line in ended.stdout.splitlines())
    return f"{step.words}\n\n```console\n$ {step.command}\n{shown}{'' if not shown else chr(10)}```\n"


if __name__ == "__main__":
    main()
