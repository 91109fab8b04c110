"""What the tests of the simulated stand-ins share: how the stack itself calls them."""

import ssl
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import httpx

from shared.providers.http.provider import HttpProvider
from shared.providers.http.spec import ProviderSpec
from tests.integration.local_simulator.harness import Simulated, SimulatorT, audio_file, image_file


@dataclass(frozen=True)
class StandIn(Simulated[SimulatorT]):
    """A simulated provider that stands in for fal."""

    spec: ClassVar[ProviderSpec]
    """What our provider knows of it."""
    picture: ClassVar[dict[str, Any]]
    """The arguments of a picture, for ``model``."""
    clip_model: ClassVar[str]

    @abstractmethod
    def clip(self, image: Any, audio: Any) -> dict[str, Any]:
        """Return the arguments of a clip of 1280x720, for ``clip_model``."""

    def our_provider(self) -> HttpProvider:
        """Return the stack's own way to it."""
        context = ssl.create_default_context(cafile=self.simulator.facts.ca_file)
        transport = httpx.HTTPTransport(verify=context)
        return HttpProvider(self.spec, self.simulator.url, lambda: self.simulator.facts.key, transport=transport)

    def clip_of_uploads(self, provider: HttpProvider) -> dict[str, Any]:
        """Hand an image and a sound over, and return the arguments of a clip of them."""
        image = provider.upload(image_file(), "image/png", "a.png")
        audio = provider.upload(audio_file(2.5), "audio/wav", "a.wav")
        return self.clip(provider.file_argument(image), provider.file_argument(audio))
