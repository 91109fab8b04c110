"""A simulated fal.ai: its queue, storage, webhooks and platform API, for the unchanged ``fal_client``, on one machine.

What fal documents is followed; where fal is silent or its texts disagree, a comment says "unverified".
"""
