// In a run Taskscope puts its own functions in the place of these; here they let other programs, such as your tests, import a module.

/** @type {import("./taskscope.d.ts").defineData} */
export const defineData = (make) => ({ kind: "data", make });

/** @type {import("./taskscope.d.ts").defineModel} */
export const defineModel = (make) => ({ kind: "model", make });
