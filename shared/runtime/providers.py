"""The providers that are configured, each made when it is first asked."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from shared.downloads import Downloader
from shared.ports import Provider
from shared.providers.names import TITLES, NotConfigured, ProviderName
from shared.runtime.fal import fal_of
from shared.runtime.keys import PresentClient, hedra_key, replicate_token
from shared.runtime.settings import ProviderSettings

if TYPE_CHECKING:
    from shared.providers.http.spec import ProviderSpec


class ConfiguredProviders(Mapping[ProviderName, Provider]):
    """`shared.ports.Providers`.

    Parameters
    ----------
    makers
        For each provider, what makes it.
    """

    def __init__(self, makers: Mapping[ProviderName, Callable[[], Provider]]) -> None:
        self._makers = makers
        self._made: dict[ProviderName, Provider] = {}

    def __getitem__(self, name: ProviderName) -> Provider:
        """Return a provider; raises `NotConfigured`."""
        if name not in self._makers:
            raise NotConfigured(f"there is no key for {TITLES[name]} any more")
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[ProviderName]:
        """Return the names of those that are configured."""
        return iter(self._makers)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._makers)


def providers_of(settings: ProviderSettings) -> ConfiguredProviders:
    """Return the providers that are configured."""
    makers: dict[ProviderName, Callable[[], Provider]] = {
        ProviderName.FAL: lambda: fal_of(settings),
        ProviderName.REPLICATE: lambda: _replicate(settings),
        ProviderName.HEDRA: lambda: _hedra(settings),
    }
    return ConfiguredProviders({name: make for name, make in makers.items() if name in settings.configured})


def downloaders_of(settings: ProviderSettings, max_bytes: int) -> dict[ProviderName, Downloader]:
    """Return for each provider what fetches files from its hosts alone."""
    return {
        name: Downloader(hosts, max_bytes, from_loopback=settings.fal_download_from_loopback)
        for name, hosts in settings.download_hosts.items()
    }


# What only a stand-in needs is imported with it: most stacks have fal alone.


def _replicate(settings: ProviderSettings) -> Provider:
    from shared.providers.http.replicate import REPLICATE

    return _http_provider(REPLICATE, settings.replicate_api_url, lambda: replicate_token(settings))


def _hedra(settings: ProviderSettings) -> Provider:
    from shared.providers.http.hedra import HEDRA

    return _http_provider(HEDRA, settings.hedra_api_url, lambda: hedra_key(settings))


def _http_provider(spec: "ProviderSpec", base_url: str, key: Callable[[], str]) -> Provider:
    from shared.providers.http.provider import HttpProvider

    return HttpProvider(spec, base_url, PresentClient(key, lambda present: present))
