/** The layout of a volume, in sectors and clusters. */
export interface Geometry {
  /** FS_FAT12, FS_FAT16 or FS_FAT32. */
  readonly type: number
  readonly rootEntries: number
  /** Sectors per cluster. */
  readonly clusterSize: number
  /** The number of clusters plus two. */
  readonly fatEntries: number
  /** Sectors of one table. */
  readonly fatSectors: number
  readonly fatBase: number
  /** The root directory: its first sector, or, for FAT32, its first cluster. */
  readonly rootBase: number
  readonly dataBase: number
}
