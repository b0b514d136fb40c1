/** The characters 0x80 to 0xff of code page 437, which FAT uses for short names and labels. Those below are ASCII. */
const UPPER_HALF =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐' +
  '└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0'

/** The replacement for a control character. */
const REPLACEMENT = '\ufffd'

/** Decodes bytes in code page 437. */
export function fromCodePage(bytes: Uint8Array): string {
  return Array.from(bytes, characterOf).join('')
}

function characterOf(byte: number): string {
  if (byte < 0x20 || byte === 0x7f) return REPLACEMENT
  return byte < 0x80 ? String.fromCharCode(byte) : (UPPER_HALF[byte - 0x80] ?? REPLACEMENT)
}
