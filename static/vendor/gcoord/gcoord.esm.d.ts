export * from "gcoord";
export { default } from "gcoord";
