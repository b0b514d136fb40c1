/** Runs `body` in a time zone. Node calls tzset(3) when `process.env.TZ` changes. */
export function inZone<T>(zone: string, body: () => T): T {
  const before = process.env.TZ
  process.env.TZ = zone
  try {
    return body()
  } finally {
    if (before === undefined) delete process.env.TZ
    else process.env.TZ = before
  }
}
