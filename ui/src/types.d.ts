/** A file that is served as it is; the import is its address. See scripts/build.ts. */
declare module '*?url' {
  const address: string
  export default address
}
