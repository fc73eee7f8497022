import type { CheckCode } from "../../../experiment/codes.ts";
import type { ImageForm } from "./resize.ts";

/** What the thread is told when it starts. */
export interface DecodeThreadData {
  readonly form: ImageForm;
}

/** A file to read and decode. */
export interface DecodeJob {
  readonly id: number;
  readonly path: string;
  readonly what: DecodedKind;
}

/** An image, or a mask of class numbers: its bytes are those of a `Uint16Array`. */
export type DecodedKind = "image" | "mask";

/** What became of it: the bytes in the form that was asked for, or why there are none. */
export type DecodeAnswer =
  | { readonly id: number; readonly pixels: Uint8Array<ArrayBuffer> }
  | { readonly id: number; readonly code: CheckCode; readonly why: string };
