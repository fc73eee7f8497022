const ending = /\.mtl\.yaml$/;
const collator = new Intl.Collator("en", { numeric: true });

/** Orders paths of experiment files by what the tree shows of them: `penguins` before `penguins-2`, and that before `penguins-10`. */
export function byName(a: string, b: string): number {
  return collator.compare(a.replace(ending, ""), b.replace(ending, ""));
}
