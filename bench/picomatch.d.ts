/** fdir's types name this package, which is optional and not installed: only patterns of names need it. */
declare module 'picomatch' {
  export default function picomatch(pattern: string | readonly string[]): (name: string) => boolean
}
