"""Files with odd names, from the upload's event to the plan.

Keys in S3's own notifications are URL-encoded, and keys in its events on EventBridge are not, so that nothing may be
decoded: ``a+b%20c.mp3`` is the name of a file. Sources:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html,
https://github.com/aws-solutions-library-samples/guidance-for-medialake-on-aws/pull/21 (tried out on AWS), and
https://github.com/aws-powertools/powertools-lambda-python, whose `S3EventBridgeNotificationObject` decodes nothing.
"""

import json

import pytest

from shared.aws.bucket import S3Bucket
from shared.workflow.inputs import read_inputs
from tests.integration.plot.deployment import client
from tests.integration.plot.stage import Stage

ODD_NAMES = [
    "two words.mp3",
    "a+b.mp3",
    "a%20b.mp3",
    "100%.mp3",
    "%2e%2e.mp3",
    "caf\u00e9.mp3",
    "cafe\u0301.mp3",
    "\u05e9\u05dc\u05d5\u05dd.mp3",
    "\U0001f3ac \U0001f468\u200d\U0001f469\u200d\U0001f467.mp3",
    "deep/" * 50 + "x.mp3",
    "&=;:$,?#'\"<>~|^[]{}.mp3",
    "\u97f3" * 290 + ".mp3",
    "..hidden.mp3",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_file_with_an_odd_name_is_found_and_read(stage: Stage, tiny: dict[str, bytes], name: str) -> None:
    # given a recording under an odd name, uploaded last, so that its event starts the run
    script = json.loads(tiny["script.json"])
    audio = script["scenes"][0]["lines"][0]["audio"]
    script["scenes"][0]["lines"] = [{**script["scenes"][0]["lines"][0], "audio": name}]
    stage.upload("tiny", {"script.json": json.dumps(script).encode()})
    client("s3").put_object(Bucket=stage.bucket, Key=f"episodes/tiny/{name}", Body=tiny[audio])
    stage.fal.control.pause()
    # when
    stage.play_uploads()
    run = stage.run_name("tiny")
    stage.play_until(lambda: "status.json" in stage.folder("tiny"))
    # then it was read
    status = stage.document("tiny", "status.json")
    assert (status["state"], status["run"]) == ("running", run), status


KEYS = [
    "episodes/",
    "episodes//script.yaml",
    "episodes/./script.yaml",
    "episodes/../script.yaml",
    "episodes/a b/script.yaml",
    "episodes/a%2Fb/script.yaml",
    "episodes/tiny//script.yaml",
    "episodes/tiny/../other/script.yaml",
    "episodes/tiny/a\nb.mp3",
    "episodes/tiny/" + "k" * 1010,
    "episodes/" + "\u97f3" * 335,
    "/episodes/tiny/script.yaml",
]


def test_no_key_stops_the_queue(stage: Stage, tiny: dict[str, bytes]) -> None:
    # given objects under the oddest keys that S3 takes, and then an episode
    for key in KEYS:
        client("s3").put_object(Bucket=stage.bucket, Key=key, Body=b"x")
    stage.upload("tiny", tiny)
    stage.fal.control.pause()
    # when every upload was handled
    stage.play_uploads()
    # then no message is left, the episode runs, and nothing else does
    assert stage.waiting_messages("StartQueue") == 0
    assert list(stage.execution_states()) == [stage.run_name("tiny")]
    # and where a person may have meant an episode, it is told that it is none
    assert "is no episode's id" in stage.document("a b", "status.json")["message"]


@pytest.mark.parametrize(
    "text", ["{", "[]", "null", '"x"', "{}", '{"detail": {}}', '{"key": 3}', '{"waiting_since": 0}']
)
def test_a_message_that_is_none_of_ours_keeps_no_other_back(stage: Stage, tiny: dict[str, bytes], text: str) -> None:
    # given a foreign message and an upload in one batch
    records = [
        {"messageId": str(number), "receiptHandle": "r", "body": body, "attributes": {"ApproximateReceiveCount": "1"}}
        for number, body in enumerate([text, json.dumps({"key": "episodes/tiny/script.json"})])
    ]
    stage.upload("tiny", tiny)
    url = stage.values.ref("StartQueue")
    client("sqs").purge_queue(QueueUrl=url)
    client("sqs").send_message(QueueUrl=url, MessageBody="x")
    (message,) = client("sqs").receive_message(QueueUrl=url)["Messages"]
    for record in records:
        record["receiptHandle"] = message["ReceiptHandle"]
        record["eventSource"] = "aws:sqs"
    # when
    answer, raised = stage.functions.invoke("StartEpisode", {"Records": records})
    # then the foreign one alone is reported, and ends among the dead letters in time
    assert not raised
    assert json.loads(answer) == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert len(stage.execution_states()) == 1


@pytest.mark.parametrize("episode_id", ["", "..", "../tiny", "a b", "a/b", "é", "x" * 101, "a\nb", "x" * 100_000])
def test_an_id_typed_in_the_console_is_refused(stage: Stage, episode_id: str) -> None:
    # when
    stage.start("typed", episode_id)
    ended = stage.play_out("typed")
    # then
    assert (ended.status, ended.error) == ("FAILED", "EpisodeIdInvalid")
    assert ended.cause is not None
    assert "is no episode's id, which has letters" in ended.cause
    assert len(ended.cause) < 300
    assert stage.ledger.newest_run(episode_id or "-") is None


def test_what_the_folder_holds_is_listed_as_it_is_named(stage: Stage) -> None:
    # given every odd name in one folder
    for name in ODD_NAMES:
        client("s3").put_object(Bucket=stage.bucket, Key=f"episodes/odd/{name}", Body=b"x")
    # then the listing gives the keys back, and the two ways of writing one name are one file
    inputs = read_inputs(S3Bucket(client("s3"), stage.bucket), "odd", "")
    assert {stored.key.removeprefix("episodes/odd/") for stored in inputs.files.values()} <= set(ODD_NAMES)
    assert len(inputs.files) == len(ODD_NAMES) - 1
