/** What ssh2 has; its types leave that file out. */
declare module 'ssh2/lib/protocol/constants.js' {
  const constants: { readonly [list: string]: readonly string[] }
  export default constants
}
