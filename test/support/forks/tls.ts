import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect, createServer } from 'node:tls'

/** Both ends have the same secret in place of certificates. */
export async function talkTls(): Promise<void> {
  const secret = { psk: Buffer.from('00112233445566778899aabbccddeeff', 'hex'), identity: 'client' }
  const options = { ciphers: 'PSK', maxVersion: 'TLSv1.2' as const }
  const server = createServer({ ...options, pskCallback: () => secret.psk }, (socket) => socket.pipe(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = connect({
    ...options,
    port,
    host: '127.0.0.1',
    pskCallback: () => secret,
    checkServerIdentity: () => undefined,
  })
  client.end('through the tunnel')
  assert.equal(await text(client), 'through the tunnel')
  server.close()
}
