import type { FromPage, PanelState, ToPage } from "../../src/editor/protocol.ts";
import { receive } from "./messages.ts";

/** What the workbench gives a page. */
export interface VsCodeApi {
  postMessage(message: FromPage): void;
  getState(): unknown;
  setState(state: PanelState): void;
}

type Answer = Extract<ToPage, { type: "snapshot" | "vector-at" }>;
type Question = Extract<FromPage, { type: "get-snapshot" | "get-vector" }>;
type WithoutRequest<Q> = Q extends unknown ? Omit<Q, "request"> : never;

/** Milliseconds after which a question counts as unanswered. */
const patience = 15_000;

/** The line to the extension host: sends, receives, and keeps questions until they are answered. */
export class Host {
  readonly #api: VsCodeApi;
  readonly #waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (reason: Error) => void; timer: number }>();
  #requests = 0;

  constructor(api: VsCodeApi) {
    this.#api = api;
  }

  send(message: FromPage): void {
    this.#api.postMessage(message);
  }

  /** Keeps the state over a reload of the page, and with the host for the next window. */
  keep(state: PanelState): void {
    this.#api.setState(state);
    this.send({ type: "keep", state });
  }

  /** What was kept before this page was made anew. */
  kept(): unknown {
    return this.#api.getState();
  }

  /** Asks; rejects when the host refuses or does not answer in time. */
  ask(question: WithoutRequest<Question>): Promise<Answer> {
    const request = ++this.#requests;
    return new Promise((resolve, reject) => {
      const timer = window.setTimeout(() => this.#settle(request)?.reject(new Error("no answer")), patience);
      this.#waiting.set(request, { resolve, reject, timer });
      this.send({ ...question, request });
    });
  }

  /** Calls back with every message that is not the answer to a question. Returns how to stop. */
  listen(onMessage: (message: ToPage) => void, onProblem: (problem: string) => void): () => void {
    const listener = (event: MessageEvent<unknown>): void => {
      const received = receive(event.data);
      if ("problem" in received) onProblem(received.problem);
      else this.#route(received.message, onMessage);
    };
    window.addEventListener("message", listener);
    return () => window.removeEventListener("message", listener);
  }

  #route(message: ToPage, onMessage: (message: ToPage) => void): void {
    if (message.type === "snapshot" || message.type === "vector-at") this.#settle(message.request)?.resolve(message);
    else if (message.type === "refused" && message.request !== null) this.#settle(message.request)?.reject(new Error(message.message));
    else onMessage(message);
  }

  #settle(request: number): { resolve: (answer: Answer) => void; reject: (reason: Error) => void } | undefined {
    const waiting = this.#waiting.get(request);
    this.#waiting.delete(request);
    if (waiting) window.clearTimeout(waiting.timer);
    return waiting;
  }
}
