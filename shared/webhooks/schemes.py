"""The schemes of all providers, each made when its first callback comes: most stacks hear of one provider only."""

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from shared.webhooks.key_set import KeySet
from shared.webhooks.published_keys import fetch_keys, read_base64_key, read_keys
from shared.webhooks.scheme import CallbackRefused, KeysUnavailable, Scheme
from shared.webhooks.signing_secret import SigningSecret
from shared.webhooks.store import FAL_KEYS, HEDRA_KEYS

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from shared.webhooks.settings import WebhookSettings
    from shared.webhooks.store import WebhookStore

PROVIDERS = {"/": "fal", "/replicate": "replicate", "/hedra": "hedra"}
"""Who calls which path; the names are those of `shared.providers.names`, which would bring pydantic along."""


class Schemes:
    """The scheme of each provider.

    Parameters
    ----------
    settings
        Which providers there are, and what is known of them.
    store
        Where published keys are kept.
    get_secret
        Gives the text of a secret of a name; raises `SecretUnreadable`.
    clock
        Seconds since the epoch.
    fetch
        Gives the keys at a URL, by what reads them from its document; raises `KeysNotPublished`.
    """

    def __init__(
        self,
        settings: "WebhookSettings",
        store: "WebhookStore",
        get_secret: Callable[[str], str],
        clock: Callable[[], float],
        fetch: "Callable[[str, Callable[[object], list[Ed25519PublicKey]]], Sequence[Ed25519PublicKey]]" = fetch_keys,
    ) -> None:
        self._settings = settings
        self._store = store
        self._get_secret = get_secret
        self._clock = clock
        self._fetch = fetch
        self._makers = {"fal": self._fal, "replicate": self._replicate, "hedra": self._hedra}
        self._made: dict[str, Scheme] = {}

    def of(self, provider: str) -> Scheme:
        """Return the scheme of a provider.

        Raises
        ------
        CallbackRefused
            When there is no such provider, or it is not configured.
        KeysUnavailable
            When what is configured cannot be used.
        """
        if provider not in self._makers:
            raise CallbackRefused("no provider calls this path")
        if provider not in ("fal", *self._settings.stand_ins.split(",")):
            raise CallbackRefused("it is not configured: STAND_INS (the stack's parameter StandIns) does not name it")
        if provider not in self._made:
            self._made[provider] = self._makers[provider]()
        return self._made[provider]

    def _fal(self) -> Scheme:
        from shared.webhooks.fal import FalScheme

        url = f"{self._settings.fal_rest_url}/.well-known/jwks.json"
        keys = KeySet(functools.partial(self._fetch, url, read_keys), self._store, FAL_KEYS, self._clock)
        return FalScheme(self._settings.fal_user_id, keys)

    def _replicate(self) -> Scheme:
        from shared.webhooks.replicate import ReplicateScheme

        secret, name = self._settings.replicate_webhook_secret, self._settings.replicate_webhook_secret_name
        if not (secret or name):
            raise CallbackRefused("it is not configured: REPLICATE_WEBHOOK_SECRET_NAME names no secret")
        read = (lambda: secret) if secret else functools.partial(self._get_secret, name)
        return ReplicateScheme(SigningSecret(read, self._clock))

    def _hedra(self) -> Scheme:
        from shared.webhooks.ed25519 import PinnedKey
        from shared.webhooks.hedra import HedraScheme, read_published_key

        pinned = self._settings.hedra_webhook_public_key
        if pinned:
            key = read_base64_key(pinned)
            if key is None:
                raise KeysUnavailable("HEDRA_WEBHOOK_PUBLIC_KEY is not the 32 bytes of a key in base64")
            return HedraScheme(PinnedKey(key))
        # Hedra's description of its API asks for no key there, unlike everywhere else.
        url = f"{self._settings.hedra_api_url}/webhooks/public-key"
        fetch = functools.partial(self._fetch, url, read_published_key)
        return HedraScheme(KeySet(fetch, self._store, HEDRA_KEYS, self._clock))
