"""What names and titles may be made of: any writing of the world, on one line, that reads the way it is stored."""

import re
from unicodedata import normalize

# Line breaks, tabs, and what turns the order of the letters around (https://www.unicode.org/reports/tr9/, 2.1 to 2.5):
# with it, a name can show as another one. The marks and joiners that Arabic, Hebrew, Persian, the scripts of India and
# emoji are written with are none of these.
_UNFIT_FOR_A_LINE = re.compile("[\t\n\r\x85\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def on_one_line(text: str) -> str:
    """Return a text, or raise `ValueError` if it has line breaks, tabs, or marks that turn its letters around."""
    if unfit := _UNFIT_FOR_A_LINE.search(text):
        where = unfit.start() + 1
        raise ValueError(
            f"has U+{ord(unfit[0]):04X} as its character {where}, and line breaks, tabs and marks that turn the order "
            "of letters around have no place here: delete it"
        )
    return text


def composed(text: str) -> str:
    """Return a text with every accent in one character with its letter where there is one (Unicode's form NFC)."""
    return normalize("NFC", text)
