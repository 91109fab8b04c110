"""What does not belong into logs is kept out of them."""

import logging

TALKATIVE_LIBRARIES = ("boto3", "botocore", "fal_client", "httpcore", "httpx", "s3transfer", "urllib3")
"""They log what they send: at DEBUG headers and bodies, httpx at INFO every URL, with a callback's secret in it, and
urllib3 and fal_client in warnings the URLs that failed.

Lambda sets the root logger to INFO where logs are JSON, and lower where somebody asks for it:
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
"""


def quieten_libraries() -> None:
    """Let libraries log errors only, whatever the level of the functions' own logs."""
    for name in TALKATIVE_LIBRARIES:
        logging.getLogger(name).setLevel(logging.ERROR)
