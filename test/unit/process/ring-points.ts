/** What stands at place `index` of a long row of points: numbers of many widths, which single precision holds exactly. */
export function pointAt(index: number): { readonly width: number; readonly value: number } {
  return { width: 1 + ((index * 7) % 11), value: index % 2 ** 20 };
}
