"""Writes the parquet files beside it with pyarrow 26.0.1: the same 40 rows in every compression, for the tests of the reader.

    pip install pyarrow==26.0.1 && python write.py
"""

import datetime
import decimal

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = range(40)
EPOCH = datetime.datetime(2001, 1, 1)


def but(missing, value):
    """Each row's value, and none in every row that `missing` divides."""
    return [None if row % missing == 0 else value(row) for row in ROWS]


table = pa.table(
    {
        "int64": pa.array(but(7, lambda row: row * 10 - 100), pa.int64()),
        "uint8": pa.array([row % 3 for row in ROWS], pa.uint8()),
        "double": pa.array([float("nan") if row == 5 else row / 8 for row in ROWS], pa.float64()),
        "half": pa.array([row / 4 for row in ROWS], pa.float16()),
        "decimal": pa.array([decimal.Decimal(row) / 100 for row in ROWS], pa.decimal128(10, 2)),
        "boolean": pa.array(but(5, lambda row: row % 2 == 0), pa.bool_()),
        "text": pa.array(but(9, lambda row: f"id-{row} ü"), pa.string()),
        "dictionary": pa.array(but(4, lambda row: "abc"[row % 3]), pa.string()).dictionary_encode(),
        "date": pa.array([EPOCH.date() + datetime.timedelta(days=row) for row in ROWS], pa.date32()),
        "millis": pa.array(but(6, lambda row: EPOCH + datetime.timedelta(minutes=row)), pa.timestamp("ms")),
        "micros": pa.array([EPOCH + datetime.timedelta(minutes=row) for row in ROWS], pa.timestamp("us")),
        "nanos": pa.array([EPOCH + datetime.timedelta(minutes=row) for row in ROWS], pa.timestamp("ns")),
        "list": pa.array([[row, row + 1] for row in ROWS], pa.list_(pa.int32())),
        "struct": pa.array([{"x": row, "y": -row} for row in ROWS], pa.struct([("x", pa.int32()), ("y", pa.int32())])),
    }
)

for codec in ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]:
    pq.write_table(table, f"{codec}.parquet", compression=codec, row_group_size=16, data_page_size=64, write_page_index=codec in ("zstd", "none"))
pq.write_table(table, "second-version.parquet", compression="zstd", data_page_version="2.0", use_deprecated_int96_timestamps=True, use_dictionary=False)
