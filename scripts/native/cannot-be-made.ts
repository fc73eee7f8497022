/** This machine lacks something that the native backend is made with. Not an error of anybody's: training goes on with wasm. */
export class CannotBeMade extends Error {
  override readonly name = "CannotBeMade";
}
