"""Words without what tells who somebody is: telephone, identity and card numbers, number plates."""

import re

_APART = r"[ -]?"
_SECRET = re.compile(
    r"(?<!\d)(?:"
    rf"[1-9](?:{_APART}\d){{16}}{_APART}[\dXx]"  # identity number of 18 (GB 11643)
    rf"|\d(?:{_APART}\d){{12,18}}"  # bank card, identity number of 15
    rf"|(?:\+?86{_APART})?1[3-9]\d{_APART}\d{{4}}{_APART}\d{{4}}"  # mobile telephone
    rf"|0\d{{2,3}}{_APART}[2-9]\d{{6,7}}"  # telephone with area code
    r")(?!\d)"
    r"|[\u4e00-\u9fff][A-Za-z][·• ]?[A-Za-z0-9]{4,5}[A-Za-z0-9挂学警港澳领使](?![A-Za-z0-9])"  # number plate
)


def mask(text: str) -> str:
    """Each figure and letter of such a number becomes a star; what surrounds it stays."""
    return _SECRET.sub(lambda found: "*" * len(found[0]), text)
