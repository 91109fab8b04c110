"""The one way in which a media file is turned down."""


class MediaRefused(ValueError):
    """A file that cannot be used, with the reason in plain English.

    The text is the rest of a sentence that begins with the file's name, which the caller knows and this package does
    not: ``audio/01.mp3`` + ``is empty``.
    """
