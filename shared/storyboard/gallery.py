"""Thumbnails in a page: each is embedded where it is shown first, and shown again from there."""

import base64
from collections.abc import Mapping

from shared.addresses import Address
from shared.keys import FileRef
from shared.plan.models import Plan
from shared.storyboard.html import Html, element
from shared.storyboard.pictures import THUMBNAIL_TYPE, pictures_to_show

PICTURE_BYTES = 5_500_000
"""What all thumbnails of a page may take together, so that it is below 10 MB: as text they take a third more, and the
rest of a page of 400 parts takes 2 MB."""


class Gallery:
    """The pictures of one page.

    Parameters
    ----------
    thumbnails
        By the address of the picture that each is of.
    """

    def __init__(self, plan: Plan, thumbnails: Mapping[Address, bytes]) -> None:
        self._thumbnails: dict[Address, bytes] = {}
        self._shown: dict[Address, str] = {}
        self.left_out = 0
        room = PICTURE_BYTES
        for picture in pictures_to_show(plan):
            data = thumbnails.get(picture.address)
            if data is None:
                continue
            if len(data) > room:
                self.left_out += 1
                continue
            room -= len(data)
            self._thumbnails[picture.address] = data

    def picture(self, file: FileRef, description: str, missing: str) -> Html:
        """Return a picture as an element, or a place for it that says why there is none.

        Parameters
        ----------
        description
            What it shows, for who cannot see it.
        missing
            What to say in its place.
        """
        data = self._thumbnails.get(file.address)
        if data is None:
            return element("div", missing, class_="picture missing")
        attributes: dict[str, str] = {"alt": description, "class": "picture", "dir": "auto", "decoding": "async"}
        first = self._shown.get(file.address)
        if first:
            return element("img", data_same_as=first, **attributes)
        identifier = self._shown[file.address] = f"picture-{len(self._shown) + 1}"
        encoded = base64.b64encode(data).decode()
        return element("img", id=identifier, src=f"data:{THUMBNAIL_TYPE};base64,{encoded}", **attributes)
