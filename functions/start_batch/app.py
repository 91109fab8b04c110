"""Starts every episode whose inputs have no finished run."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.runtime.settings import StartSettings
from shared.runtime.starting import start_desk
from shared.workflow.start_batch import start_batch

logger = Logger()
desk = start_desk(StartSettings.from_environment())


@logger.inject_lambda_context
def handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, str]:
    """Look at every episode's folder; return what came of each."""
    considered = {episode_id: str(outcome) for episode_id, outcome in start_batch(desk).items()}
    logger.info("batch considered", episodes=considered)
    return considered
