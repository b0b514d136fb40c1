import * as FF from 'js-fatfs'
import type { Device } from '../device.ts'
import type { Geometry } from './geometry.ts'
import type { Layout } from './sector_log.ts'

/**
 * Reads entries of the file allocation table: 12, 16 or 28 bits for each cluster.
 *
 * @param sector what a sector of the table has
 */
function tableEntry(
  cluster: number,
  { type, fatBase }: Geometry,
  blockSize: number,
  sector: (number: number) => Buffer,
): number {
  const byte = (offset: number): number => sector(fatBase + Math.floor(offset / blockSize))[offset % blockSize] ?? 0
  if (type === FF.FS_FAT12) {
    const offset = cluster + (cluster >> 1)
    const word = byte(offset) | (byte(offset + 1) << 8)
    return (cluster & 1) === 0 ? word & 0xfff : word >> 4
  }
  if (type === FF.FS_FAT16) return byte(cluster * 2) | (byte(cluster * 2 + 1) << 8)
  const data = sector(fatBase + Math.floor((cluster * 4) / blockSize))
  return data.readUInt32LE((cluster * 4) % blockSize) & 0x0fff_ffff
}

/**
 * The layout of a volume before a change.
 *
 * @param windowSector the sector that FatFs has in memory
 * @param window what FatFs has in it; null where that is on the device
 */
export function layoutOf(geometry: Geometry, device: Device, windowSector: number, window: Buffer | null): Layout {
  const { type, clusterSize, rootBase, dataBase, fatEntries, fatBase, fatSectors } = geometry
  const { blockSize } = device
  const tables = new Map<number, Buffer>()
  if (window !== null) tables.set(windowSector, window)
  const table = (sector: number): Buffer => {
    let data = tables.get(sector)
    if (data === undefined) {
      data = Buffer.alloc(blockSize)
      device.read(sector, data)
      tables.set(sector, data)
    }
    return data
  }
  let last = 0
  let isFree = false
  return {
    isFirstTable: (sector) => sector >= fatBase && sector < fatBase + fatSectors,
    isTable: (sector) => sector < (type === FF.FS_FAT32 ? dataBase : rootBase),
    wasFree: (sector) => {
      const cluster = Math.floor((sector - dataBase) / clusterSize) + 2
      if (sector < dataBase || cluster >= fatEntries) return false
      if (cluster !== last) isFree = tableEntry(cluster, geometry, blockSize, table) === 0
      last = cluster
      return isFree
    },
  }
}
