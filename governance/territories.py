"""Which places are there? ISO 3166-1 and, where rules name states, ISO 3166-2; the whole world and the Union beside.

`scope.check_territories` asks for the shape of a code alone, as terms that were agreed long ago must stay readable.
What is written down anew is held to this list: "UK" or "XX" would be a permission for nowhere, and leave out nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

WHOLE_WORLD: Final = "*"
UNION: Final = "EU"
_ASSIGNED: Final = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA
CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA
GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP
KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS
MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS
RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW
TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
_US_STATES: Final = """
AK AL AR AS AZ CA CO CT DC DE FL GA GU HI IA ID IL IN KS KY LA MA MD ME MI MN MO MP MS MT NC ND NE NH NJ NM NV NY
OH OK OR PA PR RI SC SD TN TX UM UT VA VI VT WA WI WV WY
"""
COUNTRIES: Final = frozenset(_ASSIGNED.split())
STATES: Final = {"US": frozenset(_US_STATES.split())}  # where states have rules of their own
_STATE: Final = re.compile(r"[A-Z0-9]{1,3}")
_MEANT: Final = {"UK": "GB", "EL": "GR"}  # what others call them


def is_known(code: str) -> bool:
    """Whether there is such a place: "JP", "US-NY", "EU" or "*"."""
    country, dash, state = code.partition("-")
    if not dash:
        return code in COUNTRIES or code in (UNION, WHOLE_WORLD)
    known = STATES.get(country)
    return state in known if known else country in COUNTRIES and bool(_STATE.fullmatch(state))


def unknown(codes: Iterable[str]) -> list[str]:
    """Those that are none, in order."""
    return sorted(code for code in codes if not is_known(code))


def meant(text: str) -> str:
    """The code that was probably meant by one that is none; "" where nobody can tell."""
    code = text.strip().upper().replace("_", "-")
    country, dash, state = code.partition("-")
    found = _MEANT.get(country, country) + dash + state
    return found if is_known(found) else ""
