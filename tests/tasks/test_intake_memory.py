"""A long file is read as a stream: memory does not grow with it."""

import subprocess
import sys
from pathlib import Path

ROWS = 200_000
MOST_GROWTH_MB = 40
"""The rows themselves would need some 200 MB."""

PROGRAM = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from psutil import Process
from models.mapped_report import read_report
from tasks.intake_reading import read_rows
from tests.cities import a_small_city
from tests.source_files import a_mapping

city, mapping, now = a_small_city(), a_mapping(), datetime(2019, 5, 5, 4, tzinfo=UTC)
rows, used_mb = 0, []
for row in read_rows(Path(sys.argv[1]), mapping):
    rows += 1
    if rows % 20 == 0:
        read_report(mapping, row.values, city, now)
    if rows % 1000 == 0:
        used_mb.append(Process().memory_info().rss / 2**20)
print(rows, max(used_mb) - used_mb[0], max(used_mb))
"""


def test_two_hundred_thousand_rows_need_no_more_memory_than_a_thousand(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("编号,时间,内容\n")
        file.writelines(f"A{n},2019-05-05 08:00:00,垃圾桶旁有垃圾，影响通行，请尽快处理\n" for n in range(ROWS))
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)], capture_output=True, text=True, check=True, cwd=root
    )
    rows, growth_mb, peak_mb = done.stdout.split()
    assert int(rows) == ROWS
    assert float(growth_mb) < MOST_GROWTH_MB
    assert float(peak_mb) < 300
