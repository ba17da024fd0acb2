"""A small source to take reports in from: its mapping, and files of it."""

import csv
import gzip
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

from models.directory.fault import Fault
from models.source_mapping import SourceMapping, read_mapping

MAPPING = """\
source: hotline
columns:
  source_id: 编号
  opened_at: 时间
  due_at: 期限
  closed_at: 结案
  class: 类别
  description: 内容
  place: 地点
  area: 区域
  unit: 单位
  longitude: 经度
  latitude: 纬度
optional: [due_at, closed_at, class, description, place, area, unit, longitude, latitude]
personal: {name: 姓名, phone: 电话}
missing: ["-"]
time:
  zone: Asia/Shanghai
  formats: ["%Y-%m-%d %H:%M:%S"]
classes:
  texts:
    垃圾: E0101/1
    井盖: C0101
units:
  strip_brackets: yes
  aliases: {自来水厂: water}
"""

HEADER = ("编号", "时间", "内容")


def a_mapping(text: str = MAPPING) -> SourceMapping:
    """The mapping of the small source, or of another text that must be without faults."""
    faults: list[Fault] = []
    mapping = read_mapping("hotline.yaml", text, faults)
    if mapping is None:
        raise ValueError("\n".join(map(str, faults)))
    return mapping


def a_row(number: int = 1, /, **values: str) -> dict[str, str]:
    """A good row; any value can be another."""
    return {"编号": f"A{number}", "时间": "2019-05-05 08:00:00", "内容": "垃圾桶旁有垃圾"} | values


def csv_bytes(rows: Iterable[Mapping[str, str]], header: Iterable[str] = HEADER, encoding: str = "utf-8") -> bytes:
    """Rows as the bytes of a CSV file."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(header), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def write_file(path: Path, content: bytes) -> Path:
    """Write a file, gzipped where its name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path
