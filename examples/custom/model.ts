import { defineModel, type Tensor } from "taskscope";

/**
 * Experts that are mixed anew for each task by a gate of its own (MMoE: Ma et al., KDD 2018), and one more expert that only the two
 * regressions see. So some weights are reached by all tasks, some by two of them, and gates and towers by one: Taskscope finds that
 * out by itself, and balances and shows them accordingly.
 */
export default defineModel(({ tf, inputs, tasks, options, parameter, layer, dropout }) => {
  const features = inputs[0].shape[0];
  const units = numberOf(options["units"], 24);
  const rate = numberOf(options["dropout"], 0);

  const expert = (name: string): ((x: Tensor) => Tensor) => layer(name, tf.layers.dense({ units, activation: "relu" }));
  const shared = Array.from({ length: numberOf(options["experts"], 3) }, (_, i) => expert(`expert${i + 1}`));
  const forNumbers = expert("numbers");

  const towers = tasks.map(({ id, kind, outputs }) => {
    const experts = kind === "regression" ? [...shared, forNumbers] : shared;
    const gate = parameter(`${id}.gate`, [features, experts.length]);
    const output = layer(`${id}.output`, tf.layers.dense({ units: outputs }));
    return (x: Tensor, expressed: ReadonlyMap<(x: Tensor) => Tensor, Tensor>): Tensor => {
      const shares = tf.softmax(tf.matMul(x, gate));
      const parts = experts.map((each, i) => tf.mul(tf.slice(shares, [0, i], [-1, 1]), expressed.get(each) ?? each(x)));
      return output(dropout(tf.addN(parts), rate));
    };
  });

  return ([x]) => {
    const expressed = new Map([...shared, forNumbers].map((each) => [each, each(x)]));
    return towers.map((tower) => tower(x, expressed));
  };
});

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}
