"""Writes pillow-images.json: small images as Pillow saves and reads them. Run: python pillow-images.py > pillow-images.json

Each has its file in base64, and what a viewer shows: width, height, channels and samples.
"""
import base64
import io
import json
import sys

import numpy as np
from PIL import Image, ImageOps

images = {}
height, width = 12, 20
y, x = np.mgrid[0:height, 0:width]
colours = np.stack([x * 12, y * 20, 255 - x * 6 - y * 10], axis=-1).astype("uint8")
grey = (x * 8 + y * 8).astype("uint8")


def put(name, image, form, shown=None, **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    read = Image.open(io.BytesIO(buffer.getvalue())) if shown is None else shown
    samples = np.asarray(read)
    images[name] = {
        "file": base64.b64encode(buffer.getvalue()).decode(),
        "width": samples.shape[1],
        "height": samples.shape[0],
        "channels": 1 if samples.ndim == 2 else samples.shape[2],
        "samples": base64.b64encode(samples.tobytes()).decode(),
    }


def on_white(image):
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image.convert("RGBA"))


rgb = Image.fromarray(colours)
l = Image.fromarray(grey)
alpha = Image.fromarray(((x + y) * 8).astype("uint8"))
put("png rgb", rgb, "PNG")
put("png grey", l, "PNG")
put("png grey of 1 bit", l.convert("1"), "PNG", l.convert("1").convert("L"))
rgba = rgb.copy()
rgba.putalpha(alpha)
put("png rgb with alpha", rgba, "PNG", on_white(rgba).convert("RGB"))
la = l.copy()
la.putalpha(alpha)
put("png grey with alpha", la, "PNG", on_white(la).convert("L"))
deep = Image.fromarray(((x * 3000) + y * 500).astype("uint16"))
put("png grey of 16 bits", deep, "PNG", Image.fromarray(np.round(np.asarray(deep) / 257).astype("uint8")))
for count in (2, 4, 16, 200):
    indexed = rgb.quantize(count)
    put(f"png palette of {count}", indexed, "PNG", indexed.convert("RGB"))
indexed = rgb.quantize(16)
put("png palette with alpha", indexed, "PNG", on_white(Image.composite(rgb, rgb, l).quantize(16)).convert("RGB"))
buffer = io.BytesIO()
indexed.save(buffer, "PNG", transparency=3)
put("png palette with a clear colour", indexed, "PNG", on_white(Image.open(io.BytesIO(buffer.getvalue())).convert("RGBA")).convert("RGB"), transparency=3)
del images["png palette with alpha"]
put("jpeg rgb", rgb, "JPEG", quality=95, subsampling=0)
put("jpeg subsampled", rgb, "JPEG", quality=95, subsampling=2)
put("jpeg progressive", rgb, "JPEG", quality=95, subsampling=0, progressive=True)
put("jpeg grey", l, "JPEG", quality=95)
put("jpeg cmyk", rgb.convert("CMYK"), "JPEG", Image.open(io.BytesIO((lambda b: (rgb.convert("CMYK").save(b, "JPEG", quality=95), b.getvalue())[1])(io.BytesIO()))).convert("RGB"), quality=95)
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    rgb.save(buffer, "JPEG", quality=95, subsampling=0, exif=exif)
    shown = ImageOps.exif_transpose(Image.open(io.BytesIO(buffer.getvalue())))
    put(f"jpeg turned {orientation}", rgb, "JPEG", shown, quality=95, subsampling=0, exif=exif)
resized = {}
for name, size in (("smaller", (6, 5)), ("larger", (50, 31)), ("stretched", (31, 5))):
    resized[name] = {
        "width": size[0],
        "height": size[1],
        "samples": base64.b64encode(np.asarray(rgb.resize(size, Image.Resampling.BILINEAR)).tobytes()).decode(),
    }
json.dump({"images": images, "resized": resized}, sys.stdout, indent=0)
print()
