/** A quiet line in the place of what is not there yet. */
export function Note({ text }: { readonly text: string }) {
  return <p class="note">{text}</p>;
}
