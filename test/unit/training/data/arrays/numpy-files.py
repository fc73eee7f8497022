"""Writes numpy-files.json: small arrays as NumPy itself saves them, in base64. Run: python numpy-files.py > numpy-files.json"""
import base64
import io
import json
import pickle
import sys

import numpy as np

files = {}


def put(name, content):
    files[name] = base64.b64encode(content).decode()


def npy(array, version=None):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=version)
    return buffer.getvalue()


small = np.array([[0, 1, 2], [3, 100, 127]])
for kind in "bool uint8 int8 <u2 >u2 <i2 >i2 <u4 >u4 <i4 >i4 <u8 >u8 <i8 >i8 <f2 >f2 <f4 >f4 <f8 >f8".split():
    put(f"small {kind}", npy(small.astype(kind)))
put("longs", npy(np.array([-1, -(2**31), 2**53 - 1, -(2**53 - 1)], dtype="<i8")))
put("halves", npy(np.array([1.5, -0.25, 65504, 6e-8, np.inf, -np.inf, np.nan, 0.1], dtype="<f2")))
put("fortran", npy(np.asfortranarray(np.arange(24, dtype="<i4").reshape(2, 3, 4))))
put("fortran >f8", npy(np.asfortranarray(np.arange(6, dtype=">f8").reshape(2, 3))))
put("version 2", npy(small.astype("<f4"), (2, 0)))
put("version 3", npy(small.astype("<f4"), (3, 0)))
put("scalar", npy(np.array(7, dtype="<i4")))
put("no rows", npy(np.zeros((0, 3), dtype="<f4")))
put("texts", npy(np.array(["cat", "Löwe", "🐱", ""]).astype("<U4")))
put("texts >", npy(np.array(["cat", "dog"]).astype(">U3")))
put("bytes", npy(np.array([b"cat", b"dog!"])))
put("complex", npy(np.array([1 + 2j])))
put("dates", npy(np.array(["2020-01-01"], dtype="datetime64[D]")))
put("records", npy(np.array([(1, 2.0)], dtype=[("a", "<i4"), ("b", "<f4")])))
buffer = io.BytesIO()
np.save(buffer, np.array([{"a": 1}], dtype=object))
put("objects", buffer.getvalue())
put("beyond", npy(np.array([[1, 2], [3, 2**53 + 2]], dtype="<i8")))
put("pickle", pickle.dumps(np.arange(3)))
for name, save in (("stored", np.savez), ("deflated", np.savez_compressed)):
    buffer = io.BytesIO()
    save(buffer, image=np.arange(12, dtype="u1").reshape(3, 2, 2), digit=np.array([7, 8, 9]))
    put(f"npz {name}", buffer.getvalue())
json.dump(files, sys.stdout, indent=0)
print()
