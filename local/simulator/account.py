"""The one account of the simulator, and the checks of its key."""

import secrets
import uuid
from collections.abc import Collection
from pathlib import Path

from starlette.requests import Request

from shared.frozen import Frozen


class Account(Frozen):
    """Who the caller is at a simulated provider."""

    user_id: str
    key: str

    def owns(self, authorization: str | None, schemes: Collection[str]) -> bool:
        """Tell whether an ``Authorization`` header carries this account's key, in one of the schemes."""
        scheme, _, key = (authorization or "").partition(" ")
        return scheme in schemes and secrets.compare_digest(key.encode(), self.key.encode())


def load_account(path: Path, key: str | None = None, *, prefix: str = "") -> Account:
    """Read the account from ``path``, or open one there.

    Parameters
    ----------
    path
        The account's file.
    key
        The key to use, as ``id:secret``; without it, the one in the file or a new one.
    prefix
        What a new key begins with.
    """
    if path.exists():
        account = Account.model_validate_json(path.read_bytes())
        if key is None or key == account.key:
            return account
        account = account.model_copy(update={"key": key})
    else:
        account = Account(
            user_id=f"simulated|{secrets.token_hex(8)}", key=key or f"{prefix}{uuid.uuid4()}:{secrets.token_hex(16)}"
        )
    path.touch(mode=0o600)
    path.write_text(account.model_dump_json())
    return account


def authorization_of(request: Request) -> str | None:
    """Return the request's ``Authorization`` header."""
    return request.headers.get("authorization")
