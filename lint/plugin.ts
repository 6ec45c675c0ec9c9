/** Rules of the house, for `deno lint`. */
const plugin: Deno.lint.Plugin = { name: "troupe", rules: {} };
export default plugin;
