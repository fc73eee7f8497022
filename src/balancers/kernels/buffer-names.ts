/** Name of the buffer that holds the moving mean of a task's gradient. */
export function meanOf(task: number): string {
  return `mean/${task}`;
}
