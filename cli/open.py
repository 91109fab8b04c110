"""The command `episode open`."""

from typing import Annotated

import typer

from cli.endings import FAILED, stop
from cli.options import (
    KEPT_IN,
    RESULTS,
    Episode,
    Json,
    Out,
    Profile,
    Region,
    StackName,
    State,
    checked_id,
    how_to_begin,
    records_of,
)
from cli.output import output, say, write_document
from cli.results import download_results
from shared.keys import STORYBOARD_FOLDER, STORYBOARD_PAGE, status_key


def open_episode(
    episode: Episode,
    *,
    storyboard: Annotated[
        bool, typer.Option("--storyboard", help="The storyboard: its page, or its pictures while there is no page.")
    ] = False,
    out: Out = RESULTS,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
    state: State = KEPT_IN,
    json: Json = False,  # noqa: ARG001 -- read by `cli.group`
) -> None:
    """Fetch an episode's results and open its video; in a pipe, only say where it is."""
    records = records_of(stack, profile, region, state)
    folder = out / checked_id(episode)
    if not records.bucket.exists(status_key(episode)):
        stop(f"{records.name} has no episode {episode}", FAILED, error="no_episode", next_step=how_to_begin(records))
    download_results(episode, records, folder)
    names = (STORYBOARD_PAGE, STORYBOARD_FOLDER) if storyboard else ("episode.mp4",)
    found = next((folder / name for name in names if (folder / name).exists()), None)
    if found is None:
        what = "storyboard" if storyboard else "video"
        stop(
            f"{episode} has no {what} yet",
            FAILED,
            error="not_there_yet",
            next_step=f"`episode status {episode}` says why",
        )
    say(str(found))
    write_document({"episode_id": episode, "path": str(found)})
    if output.is_terminal and not output.stderr:
        typer.launch(str(found.resolve()))
