"""What AWS's own errors mean for whoever typed the command."""

from dataclasses import dataclass

from cli.exit_codes import CREDENTIALS, FAILED, USAGE

_SIGN_IN = "sign in again (`aws sso login`, or new keys), or name another profile with --profile"
_NEEDS_RIGHTS = "ask whoever runs the stack for the rights, or name another profile with --profile"

_NOT_SIGNED_IN = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
        "UnrecognizedClientException",
    }
)
_NOT_ALLOWED = frozenset(
    {"403", "AccessDenied", "AccessDeniedException", "AuthorizationError", "Forbidden", "UnauthorizedOperation"}
)
"""Codes of errors: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html, and those that S3 has."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What an error means.

    Parameters
    ----------
    error
        Its name, for machines.
    next_step
        What would help.
    """

    error: str
    exit_code: int
    message: str
    next_step: str


def explanation_of(error: BaseException) -> Explanation | None:
    """Return what an error of AWS's libraries means, or None where it is none of theirs."""
    if type(error).__module__.partition(".")[0] not in {"botocore", "boto3", "s3transfer"}:
        return None
    from botocore import exceptions as aws

    match error:
        case aws.ProfileNotFound():
            return Explanation("profile_unknown", CREDENTIALS, f"{error}", "`aws configure list-profiles` lists them")
        case aws.NoRegionError() | aws.InvalidRegionError():
            message = "AWS was not told in which region the stack is" if isinstance(error, aws.NoRegionError) else ""
            return Explanation("region_unknown", USAGE, message or f"{error}", "name it, as in --region eu-central-1")
        case aws.NoCredentialsError() | aws.PartialCredentialsError():
            return Explanation("not_signed_in", CREDENTIALS, "there are no AWS credentials here", _SIGN_IN)
        case aws.SSOError() | aws.TokenRetrievalError() | aws.CredentialRetrievalError() | aws.LoginError():
            return Explanation("not_signed_in", CREDENTIALS, f"AWS credentials cannot be had: {error}", _SIGN_IN)
        case aws.HTTPClientError() | aws.ConnectionError():
            reachable = "look at the network, and whether the region (--region) exists"
            return Explanation("aws_unreachable", FAILED, f"AWS cannot be reached: {error}", reachable)
        case aws.ClientError():
            return _refusal(error.response.get("Error", {}).get("Code", ""), str(error))
    cause = error.__cause__ or error.__context__  # boto3's errors of transfers wrap the one that says why
    return (explanation_of(cause) if cause else None) or Explanation("aws_failed", FAILED, f"{error}", "")


def _refusal(code: str, message: str) -> Explanation:
    if code in _NOT_SIGNED_IN:
        return Explanation("not_signed_in", CREDENTIALS, f"AWS does not take these credentials: {message}", _SIGN_IN)
    if code in _NOT_ALLOWED:
        return Explanation("not_allowed", CREDENTIALS, f"AWS does not allow this: {message}", _NEEDS_RIGHTS)
    return Explanation("aws_refused", FAILED, f"AWS refused: {message}", "")
