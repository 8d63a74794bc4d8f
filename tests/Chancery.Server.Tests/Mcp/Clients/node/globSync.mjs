// The conformance suite names fs.globSync, which Node has from version 22 on, for a command that no test runs.
import { register } from "node:module";

const fs = `export * from "node:fs"; export { default } from "node:fs"; export const globSync = undefined;`;
const hooks = `
export const resolve = (name, context, next) =>
  name === "fs"
    ? { url: "data:text/javascript," + encodeURIComponent(${JSON.stringify(fs)}), shortCircuit: true }
    : next(name, context);
`;
register("data:text/javascript," + encodeURIComponent(hooks));
