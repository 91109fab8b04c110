"""The models that are used at Replicate and at Hedra's own API."""

NANO_BANANA_AT_REPLICATE = "google/nano-banana-2"
KLING_AT_REPLICATE = "kwaivgi/kling-avatar-v2"
FABRIC_AT_REPLICATE = "veed/fabric-1.0"
NANO_BANANA_AT_HEDRA = "nano-banana-2"
AVATAR_AT_HEDRA = "hedra-avatar"
KLING_AT_HEDRA = "kling-ai-avatar-v2"
FABRIC_AT_HEDRA = "veed-fabric-10"
