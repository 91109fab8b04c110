"""The handler that `generate_portrait`, `generate_background`, `composite` and `hedra_submit` share."""

import secrets
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from shared.aws.event_bus import EventBridgeEvents
from shared.aws.queue import SqsRequests
from shared.aws.step_functions import SfnTaskTokens
from shared.content_types import content_type_of
from shared.runtime.batches import handle_messages
from shared.runtime.clients import bucket_of, client, clock, ledger_of, plan_loader
from shared.runtime.providers import providers_of
from shared.runtime.settings import BuySettings
from shared.workflow.asking import AssetRequest
from shared.workflow.buy_asset import Answer, Shop, buy_asset
from shared.workflow.handover import Handovers
from shared.workflow.pausing import Pauses
from shared.workflow.status import StatusBoard

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()

_SECRET_BYTES = 24


def buying_handler() -> "Callable[[dict[str, Any], LambdaContext], dict[str, Any]]":
    """Return a Lambda handler that reads requests from its queue and brings each one home, or where it waits."""
    settings = BuySettings.from_environment()
    shop = open_shop(settings)

    def buy(body: str) -> Answer:
        request = AssetRequest.model_validate_json(body)
        logger.append_keys(run=request.run, address=request.address)
        return buy_asset(request, shop)

    def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
        return handle_messages(event, context, buy, sqs=client("sqs"), queue_url=settings.queue_url)

    return handler


def open_shop(settings: BuySettings) -> Shop:
    """Return the shop that these settings describe."""
    ledger, bucket, providers = ledger_of(settings), bucket_of(settings), providers_of(settings)
    return Shop(
        ledger=ledger,
        tokens=SfnTaskTokens(client("stepfunctions")),
        providers=providers,
        handovers=Handovers(ledger, bucket, providers, lambda data: content_type_of(data[:16])),
        requests=SqsRequests(client("sqs"), settings.request_queue_urls),
        pauses=Pauses(ledger, StatusBoard(bucket, ledger, clock), EventBridgeEvents(client("events")), settings.bucket),
        load_plan=plan_loader(settings),
        webhook_url=settings.webhook_url,
        day_limits=settings.day_limits,
        rebuy=settings.rebuy,
        clock=clock,
        new_secret=lambda: secrets.token_urlsafe(_SECRET_BYTES),
    )
