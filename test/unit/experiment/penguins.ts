/** A small experiment without findings, in the style of the documentation; tests break it in one place. */
export const penguins = `name: penguins
data:
  file: penguins.csv
  inputs: [Beak Length (mm), Beak Depth (mm), Island]
  split: {validation: 0.15, test: 0.15}
tasks:
  species: {column: Species, kind: classification}
  mass: {column: Body Mass (g), kind: regression, metrics: [rmse, r2]}
model:
  trunk:
    - dense: {units: 64, activation: relu}
    - flatten
    - conv2d: {filters: 8, kernelSize: [3, 3]}
  heads:
    species: []
    mass: [{dense: {units: 16}}]
balancer: {method: mgda, normalize: l2}
optimizer: {adam: {learningRate: 1e-3}}
training: {epochs: 50, batchSize: 32, seed: 0}
`;

/** The file with one passage replaced. Throws when it does not hold the passage, so that no test passes for nothing. */
export function penguinsWith(passage: string, replacement: string): string {
  if (!penguins.includes(passage)) throw new Error(`The file does not hold ${JSON.stringify(passage)}.`);
  return penguins.replace(passage, () => replacement);
}
