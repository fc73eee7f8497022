import { z } from "zod";
import { balancerSchema } from "./balancer-schema.ts";
import { plateauOptions } from "./early-stopping-schema.ts";
import { learningRate, optimizerSchema } from "./optimizer-schema.ts";
import { scheduleSchema } from "./schedule-schema.ts";

export const plateauSchema = z.strictObject(plateauOptions);

const until = z
  .union([
    z.enum(["plateau"]),
    z.strictObject({
      epochs: z.number().gt(0).max(1_000_000).optional().describe("So many epochs after it began; parts of one count."),
      steps: z.int().min(1).optional().describe("So many steps after it began."),
      plateau: plateauSchema.optional().describe("As soon as the validation no longer gets better."),
    }),
  ])
  .describe("When the phase ends; of several ends the first counts. The last phase may go on without, to the end of the training.");

export const phaseSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z_][\w -]*$/, "Use letters, digits, spaces, _ and -, beginning with a letter or _.")
      .describe("Name of the phase, in events and in the log."),
    until: until.optional(),
    train: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe("What trains: names of layers or parameters, `*` for any text, `trunk`, `heads`. The rest is frozen. Default: everything."),
    balancer: balancerSchema.optional().describe("Balancing method of this phase. Default: that of the experiment."),
    optimizer: optimizerSchema.optional().describe("Optimizer of this phase. Default: that of the experiment."),
    learningRate: learningRate.optional().describe("Learning rate of this phase, in place of the optimizer's own."),
    schedule: scheduleSchema
      .optional()
      .describe("How the learning rate changes over this phase. Default: `training.schedule` over the training."),
  })
  .describe("A part of the training with settings of its own.");

export const phasesSchema = z.array(phaseSchema).min(1).describe("Parts of the training, one after the other.");

export type PhaseEntry = z.output<typeof phaseSchema>;
export type PlateauOptions = z.output<typeof plateauSchema>;
