import { BroadcastChannel } from "node:worker_threads";

export const questions = "store-thread-time?";
export const answers = "store-thread-time";

/** Milliseconds of processor time that the store's thread of `store-thread.ts` has spent; there must be one. */
export async function storesTime(): Promise<number> {
  const [asked, told] = [new BroadcastChannel(questions), new BroadcastChannel(answers)];
  try {
    return await new Promise((resolve, reject) => {
      told.onmessage = (event: { readonly data: unknown }) => {
        if (typeof event.data === "number") resolve(event.data);
        else reject(new TypeError("The store's thread has told no time."));
      };
      asked.postMessage(null);
    });
  } finally {
    asked.close();
    told.close();
  }
}
