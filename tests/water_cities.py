"""The small flood city with water: a river, a reservoir, two rain gauges, soil, and a count people enter."""

from collections.abc import Mapping

from models.city import City
from tests.flood_cities import FLOOD_CITY, a_flood_city

STATIONS = """\
code,name,kind,river,area,elements,longitude,latitude,silent_after,stuck_after,plausible,most_change,placeholder
lihe-gauge,梨河站,river,梨河,410184101,level;flow,,,2 hour,12 hour,level 90..120;flow -50..5000,level 2,yes
sanku,三库水库,reservoir,梨河,410184101,level;storage,,,3 hour,,level 100..140;storage 0..900,level 1,yes
rain-a,甲雨量站,rain,,410184101,rain,113.7,34.4,2 hour,,rain 0..150,,yes
rain-b,乙雨量站,rain,,410184101,rain_total,,,2 hour,,rain_total 0..5000,rain_total 200,yes
soil-a,梨河墒情站,soil,,410184101,soil_moisture,,,2 day,,soil_moisture 0..100,,yes
town-a,梨河镇饮水,report,,410184101,people_short,,,30 day,,,,yes
"""

THRESHOLDS = """\
station,code,name,element,kind,window,value,clears_at,lasts,severity,hazard,calls,days,placeholder
lihe-gauge,warning_stage,警戒水位,level,level,,105,104.8,,yellow,flood,,,yes
lihe-gauge,guaranteed_stage,保证水位,level,level,,108,107.8,,red,flood,yes,,yes
lihe-gauge,rise,涨幅,level,rise_rate,2 hour,1,0.5,,blue,flood,,,yes
sanku,flood_limit,汛限水位,level,level,,120,119.8,30 minute,yellow,flood,yes,05-15..09-30,yes
sanku,design_flood,设计洪水位,level,level,,130,129.8,,orange,flood,yes,,yes
sanku,low_storage,蓄水不足,storage,below,,100,120,,orange,drought,,,yes
rain-a,rain_50_in_12h,12小时50毫米,rain,rain_sum,12 hour,50,45,,blue,flood,,,yes
rain-a,rain_100_in_3h,3小时100毫米,rain,rain_sum,3 hour,100,90,,red,flood,yes,,yes
rain-a,dry_20_days,连续20天无雨,rain,dry_days,,20,,,yellow,drought,,,yes
rain-b,rain_50_in_3h,3小时50毫米,rain_total,rain_sum,3 hour,50,45,,orange,flood,,,yes
soil-a,dry_soil,墒情不足,soil_moisture,below,,50,55,,yellow,drought,,,yes
town-a,people_short,饮水困难,people_short,level,,3000,,,yellow,drought,,,yes
"""

WATER_YAML = """\
trend: 3 hour
late_after: 1 hour
ahead: 5 minute
confirmed_by: 2
dry_day: {below_mm: 0.1, starts: "08:00"}
signals: {calls: [orange, red]}
sources:
  - name: bureau
    zone: Asia/Shanghai
    time: {columns: [时间], formats: ["%Y-%m-%d %H:%M"]}
    station: {column: 测站, names: {梨河: lihe-gauge, 三库: sanku}}
    values:
      - {column: 水位, element: level, unit: m}
      - {column: 蓄水量, element: storage, unit: 1e8m3}
    missing: ["-"]
    unknown_stations: refuse
    url: env:WATER_URL
    records: data.items
"""

WATER_FILES: Mapping[str, str] = {"stations.csv": STATIONS, "thresholds.csv": THRESHOLDS, "water.yaml": WATER_YAML}

WATER_CITY: Mapping[str, str] = {**FLOOD_CITY, **WATER_FILES}


def a_water_city(**changed: str) -> City:
    """The flood city with water. Example: a_water_city(thresholds=THRESHOLDS_OF_MINE)."""
    named = {"stations": "stations.csv", "thresholds": "thresholds.csv", "water": "water.yaml"}
    return a_flood_city({**WATER_CITY, **{named[name]: text for name, text in changed.items()}})
