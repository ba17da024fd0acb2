"""The small city with a flood duty room and its answer to flood and drought. Nothing here is real."""

from collections.abc import Mapping

from models.city import City
from tests.flood_cities import FLOOD_CITY, a_flood_city

FLOOD_YAML = """\
area_digits: 9
suggestions:
  - hazard: flood
    valid_from: 2019-01-01
    basis: 郑州市实践
    rows:
      - {threshold: guaranteed_stage, level: II}
      - {severity: red, level: II, human_decides: yes}
      - {severity: orange, level: III}
      - {severity: yellow, level: IV}
      - {severity: blue, level: IV}
  - hazard: drought
    valid_from: 2019-01-01
    rows:
      - {severity: red, level: I}
      - {severity: orange, level: II}
      - {severity: yellow, level: III}
      - {severity: blue, level: IV}
consultation:
  decide_within: 20 minute
  called: [centre-head, "duty:leader"]
  ladder:
    - {after: 0 minute, to: [centre-head, leader]}
    - {after: 20 minute, to: ["role:leader", shift-leader]}
  ask_again_after: 12 hour
issuers: [centre]
signing:
  - {level: IV, by: [centre-head, leader]}
  - {level: III, by: [leader]}
  - {level: II, by: [leader]}
  - {level: I, by: [leader]}
  - {level: ENDED, by: [centre-head, leader]}
recorded_by: [centre-liaison, "duty:officer"]
duty_state: {IV: warning, III: response, II: response, I: response}
reports:
  incidents:
    - {kind: initial, means: phone, within: 1 hour, by: territory, to: centre}
    - {kind: initial, means: written, within: 24 hour, by: territory, to: centre}
    - {kind: initial, means: phone, within: 2 hour, by: centre, to: 上级防办}
  follow_up:
    by: [territory]
    to: centre
    every: {none: 12 hour, IV: 12 hour, III: 6 hour, II: 2 hour, I: 1 hour}
  response:
    by: [centre]
    to: 上级防办
    final_within: 24 hour
  daily:
    - {at: "08:00", by: [centre], to: 上级防办}
    - {at: "16:00", by: [members], to: centre}
  missing_after: 2 hour
  ladder:
    - {after: 0 minute, to: [centre-liaison]}
    - {after: 30 minute, to: [centre-head]}
  incident_told: [centre-liaison]
  casualties_told: [centre-head, leader]
"""

RESPONSE_DUTIES = """\
hazard,level,unit,duty,english_duty
flood,IV,lihe,值班人员全部到岗,all duty staff on post
flood,III,lihe,包村干部到村,cadres go to their villages
flood,III,water,技术人员驻守,engineers stay on site
flood,II,lihe,组织群众转移,people are moved
flood,I,lihe,应转尽转,everybody is moved
drought,IV,water,统计可用水源,available water is counted
drought,III,water,启用备用水源,reserve sources open
drought,II,water,跨区域调水,water is led across areas
drought,I,water,保障饮水,drinking water first
"""

RESPONSE_FILES: Mapping[str, str] = {"flood.yaml": FLOOD_YAML, "response_duties.csv": RESPONSE_DUTIES}

RESPONSE_CITY: Mapping[str, str] = {**FLOOD_CITY, **RESPONSE_FILES}


def a_response_city(**documents: str) -> City:
    """The small city with its response; documents by their name without its ending (`flood="…"`)."""
    named = {"flood": "flood.yaml", "response_duties": "response_duties.csv", "duty": "duty.yaml"}
    return a_flood_city({**RESPONSE_CITY, **{named.get(name, name): text for name, text in documents.items()}})


def with_flood(old: str, new: str) -> City:
    """The city with one piece of flood.yaml changed."""
    if old not in FLOOD_YAML:
        raise ValueError(f"flood.yaml of the test city does not hold {old!r}")
    return a_response_city(flood=FLOOD_YAML.replace(old, new, 1))
