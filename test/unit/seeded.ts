import fc from "fast-check";

// The same draws in every run, so that a red test is red again; `FC_SEED=… npm run test:unit` draws others.
const asked = process.env["FC_SEED"];
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: asked === undefined ? 20_261_125 : Number(asked) });
