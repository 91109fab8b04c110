"""The invoice and the platform API."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import fal_client
import pytest

from local.simulator.faults import JobFault
from local.simulator.records import InvoiceLine
from tests.integration.local_fal.harness import Fal

IDEOGRAM = "fal-ai/ideogram/v3"
KONTEXT = "fal-ai/flux-pro/kontext/multi"
HEDRA = "fal-ai/hedra-character-2"
FABRIC = "veed/fabric-1.0"
KLING = "fal-ai/kling-video/ai-avatar/v2/standard"


def figures(line: InvoiceLine) -> tuple[str, Decimal, str, Decimal, Decimal]:
    return (line.endpoint, line.quantity, line.unit, line.unit_price_usd, line.usd)


def test_every_success_is_on_the_invoice_once(fal: Fal) -> None:
    image, audio = fal.upload_image(), fal.upload_audio(2.5)
    talking = {"image_url": image, "audio_url": audio}
    handles = [
        fal.submit(IDEOGRAM, rendering_speed="TURBO", num_images=3),
        fal.submit(IDEOGRAM),
        fal.submit(KONTEXT, image_urls=[image]),
        fal.submit(HEDRA, **talking),
        fal.submit(FABRIC, resolution="720p", **talking),
        fal.submit(KLING, **talking),
    ]
    for handle in handles:
        handle.get(interval=0.01)

    invoice = fal.control.invoice()

    lines = {line.request_id: line for line in invoice.lines}
    assert [figures(lines[handle.request_id]) for handle in handles] == [
        (IDEOGRAM, Decimal(3), "images", Decimal("0.03"), Decimal("0.09")),
        (IDEOGRAM, Decimal(1), "images", Decimal("0.06"), Decimal("0.06")),
        (KONTEXT, Decimal(1), "images", Decimal("0.04"), Decimal("0.04")),
        (HEDRA, Decimal("2.5"), "seconds", Decimal("0.05"), Decimal("0.125")),
        (FABRIC, Decimal("2.5"), "seconds", Decimal("0.15"), Decimal("0.375")),
        (KLING, Decimal("2.5"), "seconds", Decimal("0.0562"), Decimal("0.1405")),
    ]
    assert invoice.total_usd == Decimal("0.8305")
    assert sum(request.usd for request in fal.control.requests()) == pytest.approx(0.8305)


def test_failures_are_not_billed(fal: Fal) -> None:
    fal.control.add_fault(JobFault(kind="error", error_type="internal_server_error", count=1))
    fal.submit()
    fal.submit(num_images=0)
    fal.control.wait_until_idle()
    assert [request.status_code for request in fal.control.requests()] == [500, 422]
    assert fal.control.invoice().total_usd == 0


def test_balance_is_spent_and_then_locks_the_account(fal: Fal) -> None:
    fal.control.set_balance(Decimal("0.10"))
    fal.submit().get(interval=0.01)
    assert fal.control.settings().balance_usd == Decimal("0.04")
    fal.submit().get(interval=0.01)

    with pytest.raises(fal_client.client.FalClientHTTPError) as caught:
        fal.submit()
    assert caught.value.status_code == 403
    assert str(caught.value) == (
        "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing."
    )
    assert len(fal.control.requests()) == 2


def test_account_lists_its_requests_with_their_inputs(fal: Fal) -> None:
    # given a request whose answer the caller might have lost, and two newer ones, one of which hides its payload
    lost = fal.submit(seed=41)
    lost.get(interval=0.01)
    fal.http.post(f"/{IDEOGRAM}", json={"prompt": "x"}, headers=fal.authorization | {"X-Fal-Store-IO": "0"})
    fal.control.wait_until_idle()
    fal.control.pause()
    fal.submit(seed=42)

    # when the list is read in pages
    url = "/v1/models/requests/by-endpoint"
    query = {"endpoint_id": IDEOGRAM, "limit": "2", "expand": "payloads"}
    first = fal.http.get(url, params=query, headers=fal.authorization).json()
    second = fal.http.get(url, params=query | {"cursor": first["next_cursor"]}, headers=fal.authorization).json()

    # then all are there, newest first
    waiting, hidden = first["items"]
    (found,) = second["items"]
    assert first["has_more"]
    assert (second["has_more"], second["next_cursor"]) == (False, None)
    assert waiting["json_input"] == {"prompt": "a quiet harbour", "seed": 42}
    assert (waiting["status_code"], waiting["ended_at"]) == (None, None)
    assert (hidden["json_input"], hidden["json_output"]) == (None, None)
    assert found["request_id"] == lost.request_id
    assert found["json_input"] == {"prompt": "a quiet harbour", "seed": 41}
    assert found["json_output"]["seed"] == 41
    assert found["status_code"] == 200
    assert datetime.fromisoformat(found["sent_at"]) <= datetime.fromisoformat(found["ended_at"])


def test_list_of_requests_has_payloads_only_if_asked_for_and_outputs_only_where_kept(fal: Fal) -> None:
    fal.submit(seed=41).get(interval=0.01)
    url = "/v1/models/requests/by-endpoint"

    def listed(**query: str) -> dict[str, object]:
        answer = fal.http.get(url, params={"endpoint_id": IDEOGRAM, **query}, headers=fal.authorization)
        (item,) = answer.json()["items"]
        assert isinstance(item, dict)
        return item

    assert not listed().keys() & {"json_input", "json_output"}
    assert listed(expand="payloads")["json_output"] is not None
    fal.control.change_settings(request_list_output_bytes=10)
    large = listed(expand="payloads")
    assert (large["json_input"], large["json_output"]) == ({"prompt": "a quiet harbour", "seed": 41}, None)


def test_invoice_says_whom_each_line_was_for(fal: Fal) -> None:
    fal.submit(webhook="https://abc.hooks.test/callback?address=a1&attempt=2&secret=s").get(interval=0.01)
    fal.submit().get(interval=0.01)
    fal.control.wait_until_idle()
    assert [line.webhook_url for line in fal.control.invoice().lines] == [
        "https://abc.hooks.test/callback?address=a1&attempt=2&secret=s",
        None,
    ]


def test_list_of_requests_can_lag_and_leave_out(fal: Fal) -> None:
    url = f"/v1/models/requests/by-endpoint?endpoint_id={IDEOGRAM}"

    def listed(query: str = "") -> int:
        return len(fal.http.get(url + query, headers=fal.authorization).json()["items"])

    fal.control.pause()
    fal.submit()
    assert listed() == 1
    yesterday = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert listed(f"&end={yesterday}") == 0
    fal.control.change_settings(request_list_shows_unfinished=False)
    assert listed() == 0
    fal.control.change_settings(request_list_shows_unfinished=True, request_list_delay_seconds=60)
    assert listed() == 0


def test_prices_usage_and_models(fal: Fal) -> None:
    fal.submit(num_images=2).get(interval=0.01)
    query = {"endpoint_id": [IDEOGRAM, KLING]}
    prices = fal.http.get("/v1/models/pricing", params=query, headers=fal.authorization).json()["prices"]
    assert [(price["endpoint_id"], price["unit_price"], price["unit"]) for price in prices] == [
        (IDEOGRAM, 0.06, "images"),
        (KLING, 0.0562, "seconds"),
    ]
    (day,) = fal.http.get("/v1/models/usage", headers=fal.authorization).json()["time_series"]
    (used,) = day["results"]
    assert (used["endpoint_id"], used["quantity"], used["cost"]) == (IDEOGRAM, 2.0, 0.12)
    models = fal.http.get("/v1/models", params={"q": "kling"}).json()["models"]
    assert [model["endpoint_id"] for model in models] == [KLING]
    assert fal.http.get("/v1/meta").json() == {"webhook_ip_ranges": ["127.0.0.1/32"]}


@pytest.mark.parametrize("path", ["pricing", "usage", "requests/by-endpoint"])
def test_platform_needs_the_key(fal: Fal, path: str) -> None:
    assert fal.http.get(f"/v1/models/{path}", params={"endpoint_id": IDEOGRAM}).status_code == 401


@pytest.mark.parametrize("query", [{}, {"endpoint_id": "x", "limit": "101"}, {"endpoint_id": "x", "start": "noon"}])
def test_wrong_questions_for_requests_are_refused(fal: Fal, query: dict[str, str]) -> None:
    answer = fal.http.get("/v1/models/requests/by-endpoint", params=query, headers=fal.authorization)
    assert answer.status_code == 400
