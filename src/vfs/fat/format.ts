import * as FF from 'js-fatfs'
import { badValue, wrongType } from '../../errors.ts'
import { checkOptions, NO_OPTIONS } from '../../os/arguments/options.ts'
import type { BlockDevice, Device } from '../device.ts'
import { vfsError } from '../errors.ts'
import { fromCodePage } from './code_page.ts'
import type { Geometry } from './geometry.ts'
import { FatVolume, TRANSFER_SIZE, type WriteFilter } from './volume.ts'

export interface MkfsOptions {
  /** The volume's label: at most eleven ASCII characters. None by default. */
  readonly label?: string | undefined
  /**
   * The kind of FAT: 16 for FAT12 or FAT16, depending on the size, or 32. By default FAT32 is used only where the
   * device is too large for FAT16.
   */
  readonly fat?: 16 | 32 | undefined
}

const ENTRY = 32
const ATTRIBUTE = 11
const LABEL_SIZE = 11
const VOLUME_LABEL = 0x08
const DIRECTORY = 0x10
/** The attributes of an entry that holds a part of a long name. */
const LONG_NAME = 0x0f
const ATTRIBUTES = 0x3f
const END_OF_DIRECTORY = 0
const DELETED = 0xe5
/** Represents a first byte 0xe5, which would mark a deleted entry. */
const ESCAPED_E5 = 0x05
const NO_LABEL = 'NO NAME    '

/**
 * The smallest volume that FatFs creates, in sectors. MicroPython boards create smaller ones, from 50 sectors on, as
 * its documentation's examples do.
 */
const MIN_SECTORS_OF_FATFS = 128
const MIN_SECTORS = 40

/** Offsets in the boot sector. */
const RESERVED_SECTORS = 14
const NUMBER_OF_FATS = 16
const ROOT_ENTRIES = 17
const TOTAL_SECTORS_16 = 19
const SECTORS_OF_FAT_16 = 22
const SECTORS_OF_FAT_32 = 36
const BACKUP_BOOT_SECTOR = 50
const LABEL_16 = 43
const LABEL_32 = 71

/** Creates a FAT file system on an entire device, without a partition table. */
export function formatFat(blockDevice: BlockDevice, options: MkfsOptions = NO_OPTIONS): void {
  const checked = checkOptions(options, ['label', 'fat'])
  const label = checkedLabel(checked.label)
  const { fat } = checked
  if (fat !== undefined && fat !== 16 && fat !== 32) throw badValue('fat', 'must be 16 or 32', fat)
  const device = format(blockDevice, fat)
  if (label !== null) writeLabel(device, label)
  device.sync()
}

function format(blockDevice: BlockDevice, fat: 16 | 32 | undefined): Device {
  const volume = new FatVolume(blockDevice)
  const { device } = volume
  if (device.readonly) throw vfsError('EROFS', 'mkfs')
  if (device.blockCount < MIN_SECTORS_OF_FATFS) return formatSmall(blockDevice, device)
  const make = (format: number): number => runMkfs(volume, format)
  const result = fat === 32 ? FF.FR_MKFS_ABORTED : make(FF.FM_FAT | FF.FM_SFD)
  // The device is too large for FAT16. Boards also use FAT32 then, and add a partition table, which was not requested.
  if (result === FF.FR_MKFS_ABORTED && fat !== 16) volume.check(make(FF.FM_FAT32 | FF.FM_SFD), 'mkfs')
  else volume.check(result, 'mkfs')
  return device
}

function runMkfs(volume: FatVolume, format: number): number {
  const options = volume.allocate(FF.sizeof_MKFS_PARM)
  try {
    volume.memory.writeUInt8(format, options + FF.offsetof_MKFS_PARM_fmt)
    return volume.result('mkfs', (f) => f.f_mkfs(volume.pathAt('/'), options, volume.transfer, TRANSFER_SIZE))
  } finally {
    volume.free(options)
  }
}

/**
 * Formats a device below FatFs's minimum. FatFs sees a device of minimal size, and the boot sector is corrected to the
 * real size: all structures that FatFs writes fit on both.
 */
function formatSmall(blockDevice: BlockDevice, { blockCount }: Device): Device {
  if (blockCount < MIN_SECTORS) throw vfsError('ENOSPC', 'mkfs')
  const filter: WriteFilter = (sector, data) => {
    if (sector === 0) data.writeUInt16LE(blockCount, TOTAL_SECTORS_16)
    return data
  }
  const volume = new FatVolume(blockDevice, MIN_SECTORS_OF_FATFS, filter)
  volume.check(runMkfs(volume, FF.FM_FAT | FF.FM_SFD), 'mkfs')
  return volume.device
}

function checkedLabel(label: unknown): string | null {
  if (label === undefined || label === null || label === '') return null
  if (typeof label !== 'string') throw wrongType('label', 'a string', label)
  const text = label.toUpperCase()
  if (text.length > LABEL_SIZE || !/^[ -~]*$/.test(text) || /["*+,./:;<=>?[\\\]|]/.test(text) || text.startsWith(' ')) {
    throw badValue('label', `must be at most ${LABEL_SIZE} characters of those that FAT allows in a label`, label)
  }
  return text.padEnd(LABEL_SIZE)
}

/** Writes the label of a newly created volume: to the boot sector, its backup, and the empty root directory. */
function writeLabel(device: Device, label: string): void {
  const boot = readSector(device, 0)
  const isFat32 = boot.readUInt16LE(ROOT_ENTRIES) === 0
  boot.write(label, isFat32 ? LABEL_32 : LABEL_16, 'latin1')
  device.write(0, boot)
  if (isFat32) device.write(boot.readUInt16LE(BACKUP_BOOT_SECTOR), boot)
  const sectorsOfFat = isFat32 ? boot.readUInt32LE(SECTORS_OF_FAT_32) : boot.readUInt16LE(SECTORS_OF_FAT_16)
  // The root directory follows the tables. This also holds for a new FAT32 volume, whose root directory starts at
  // cluster 2.
  const root = boot.readUInt16LE(RESERVED_SECTORS) + (boot[NUMBER_OF_FATS] ?? 0) * sectorsOfFat
  const entries = readSector(device, root)
  entries.write(label, 0, 'latin1')
  entries[ATTRIBUTE] = VOLUME_LABEL
  device.write(root, entries)
}

function readSector(device: Device, sector: number): Buffer {
  const data = Buffer.alloc(device.blockSize)
  device.read(sector, data)
  return data
}

/**
 * The label of a mounted volume, from its root directory: FatFs skips that entry.
 *
 * @returns null where there is none
 */
export function readLabel(device: Device, geometry: Geometry): string | null {
  for (const sector of rootSectors(device, geometry)) {
    const entries = readSector(device, sector)
    for (let at = 0; at < entries.length; at += ENTRY) {
      if (entries[at] === END_OF_DIRECTORY) return null
      if (!isLabel(entries[at + ATTRIBUTE] ?? 0) || entries[at] === DELETED) continue
      const bytes = entries.subarray(at, at + LABEL_SIZE)
      if (bytes[0] === ESCAPED_E5) bytes[0] = DELETED
      const label = fromCodePage(bytes)
      return label === NO_LABEL ? null : label.replace(/ {1,11}$/, '')
    }
  }
  return null
}

/** Whether attributes are those of a label. Others, such as the archive attribute, may be set too. */
function isLabel(attributes: number): boolean {
  return (attributes & ATTRIBUTES) !== LONG_NAME && (attributes & (VOLUME_LABEL | DIRECTORY)) === VOLUME_LABEL
}

function* rootSectors(device: Device, geometry: Geometry): Generator<number> {
  const { type, rootEntries, rootBase, dataBase, clusterSize, fatEntries, fatBase } = geometry
  if (type !== FF.FS_FAT32) {
    const count = Math.ceil((rootEntries * ENTRY) / device.blockSize)
    for (let index = 0; index < count; index++) yield rootBase + index
    return
  }
  // The number of steps is limited by the number of clusters, so a cyclic chain ends too.
  const perSector = device.blockSize / 4
  let cluster = rootBase
  for (let seen = 0; seen < fatEntries && cluster >= 2 && cluster < fatEntries; seen++) {
    for (let index = 0; index < clusterSize; index++) yield dataBase + (cluster - 2) * clusterSize + index
    const table = readSector(device, fatBase + Math.floor(cluster / perSector))
    cluster = table.readUInt32LE((cluster % perSector) * 4) & 0x0fff_ffff
  }
}
