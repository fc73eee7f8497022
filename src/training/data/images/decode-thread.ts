import { readFileSync } from "node:fs";
import { isMainThread, parentPort, workerData } from "node:worker_threads";

import { decodeImage } from "./decode-image.ts";
import { decodeMask } from "./decode-mask.ts";
import type { DecodeAnswer, DecodeJob, DecodeThreadData } from "./decode-messages.ts";
import { ImageFault } from "./image-fault.ts";

/** A thread that reads and decodes images, one after the other as they are asked for, while another one trains. */
if (isMainThread || parentPort === null) throw new Error("Images are decoded on a thread of their own.");

const port = parentPort;
// Made by `DecodePool` alone.
const { form } = workerData as DecodeThreadData;

port.on("message", (job: DecodeJob) => {
  const answer = decoded(job);
  port.postMessage(answer, "pixels" in answer ? [answer.pixels.buffer] : []);
});

function decoded({ id, path, what }: DecodeJob): DecodeAnswer {
  try {
    const bytes = readFileSync(path);
    return { id, pixels: what === "mask" ? new Uint8Array(decodeMask(bytes, form).buffer) : Uint8Array.from(decodeImage(bytes, form)) };
  } catch (error) {
    if (error instanceof ImageFault) return { id, code: error.code, why: error.message };
    if (error instanceof Error && "code" in error && typeof error.code === "string" && /^E[A-Z]+$/.test(error.code)) {
      return { id, code: "MTL360", why: error.code === "ENOENT" ? "is not there any more." : `cannot be read: ${error.message}.` };
    }
    throw error;
  }
}
