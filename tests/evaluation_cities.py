"""The small city with units that are ranked: three townships and a utility, in the groups of the shipped scheme."""

from collections.abc import Mapping

from tests.cities import SMALL_CITY

_TOWNS = (("lihe", "梨河镇"), ("xincun", "新村镇"), ("longhu", "龙湖镇"))

_UNITS = "".join(
    f"{code},{name},township,centre,乡镇街道,{code}-liaison,{code}-head,leader,,,,\n" for code, name in _TOWNS
)
_POSTS = "".join(
    f"{code}-liaison,{name}值班员甲,{code},unit_liaison,,{code}-head,,\n{code}-head,{name}负责人,{code},unit_head,,,,\n"
    for code, name in _TOWNS[1:]
)
_CONTACTS = "".join(f"{code}-{role},1,demo,demo\n" for code, _ in _TOWNS[1:] for role in ("liaison", "head"))


def an_evaluated_city() -> dict[str, str]:
    """The documents."""
    documents: Mapping[str, str] = SMALL_CITY
    lihe = next(line for line in documents["units.csv"].splitlines() if line.startswith("lihe,"))
    units = documents["units.csv"].replace(lihe + "\n", _UNITS).replace(",,utility,", ",,公用企业,")
    return {
        **documents,
        "units.csv": units,
        "posts.csv": documents["posts.csv"] + _POSTS,
        "contact_points.csv": documents["contact_points.csv"] + _CONTACTS,
    }
