import { constants } from '../libc/facts.ts'

/** The constants of Python's `stat` module. */

const C = constants

/** File type: directory. */
export const S_IFDIR: number = C.S_IFDIR
/** File type: character device. */
export const S_IFCHR: number = C.S_IFCHR
/** File type: block device. */
export const S_IFBLK: number = C.S_IFBLK
/** File type: regular file. */
export const S_IFREG: number = C.S_IFREG
/** File type: FIFO (named pipe). */
export const S_IFIFO: number = C.S_IFIFO
/** File type: symbolic link. */
export const S_IFLNK: number = C.S_IFLNK
/** File type: socket. */
export const S_IFSOCK: number = C.S_IFSOCK
/** File type: door (Solaris). 0: not available here. */
export const S_IFDOOR: number = 0
/** File type: event port (Solaris). 0: not available here. */
export const S_IFPORT: number = 0
/** File type: whiteout (BSD). 0: not available here. */
export const S_IFWHT: number = 0

/** Permission: set-user-ID: the program runs as the file's owner. */
export const S_ISUID: number = C.S_ISUID
/**
 * Permission: set-group-ID: the program runs as the file's group; new files in the directory get the directory's group.
 */
export const S_ISGID: number = C.S_ISGID
/** Permission: sticky bit: in the directory only the owner of a file may remove or rename it. */
export const S_ISVTX: number = C.S_ISVTX
/** Permissions of the owner: all three. */
export const S_IRWXU: number = C.S_IRWXU
/** Permission of the owner: read. */
export const S_IRUSR: number = C.S_IRUSR
/** Permission of the owner: write. */
export const S_IWUSR: number = C.S_IWUSR
/** Permission of the owner: execute, or search a directory. */
export const S_IXUSR: number = C.S_IXUSR
/** Permissions of the group: all three. */
export const S_IRWXG: number = C.S_IRWXG
/** Permission of the group: read. */
export const S_IRGRP: number = C.S_IRGRP
/** Permission of the group: write. */
export const S_IWGRP: number = C.S_IWGRP
/** Permission of the group: execute, or search a directory. */
export const S_IXGRP: number = C.S_IXGRP
/** Permissions of others: all three. */
export const S_IRWXO: number = C.S_IRWXO
/** Permission of others: read. */
export const S_IROTH: number = C.S_IROTH
/** Permission of others: write. */
export const S_IWOTH: number = C.S_IWOTH
/** Permission of others: execute, or search a directory. */
export const S_IXOTH: number = C.S_IXOTH
/** The old name of S_IRUSR. */
export const S_IREAD: number = C.S_IREAD
/** The old name of S_IWUSR. */
export const S_IWRITE: number = C.S_IWRITE
/** The old name of S_IXUSR. */
export const S_IEXEC: number = C.S_IEXEC
/** S_ISGID without S_IXGRP, as System V used it: locks on the file are enforced. The same bit as S_ISGID. */
export const S_ENFMT: number = C.S_ISGID

// Indices of `stat_result` as a sequence.

/** Index of the type and permissions in a `stat_result`. */
export const ST_MODE: number = 0
/** Index of the inode number in a `stat_result`. */
export const ST_INO: number = 1
/** Index of the device in a `stat_result`. */
export const ST_DEV: number = 2
/** Index of the number of hard links in a `stat_result`. */
export const ST_NLINK: number = 3
/** Index of the owner in a `stat_result`. */
export const ST_UID: number = 4
/** Index of the group in a `stat_result`. */
export const ST_GID: number = 5
/** Index of the size in bytes in a `stat_result`. */
export const ST_SIZE: number = 6
/** Index of the time of the last access in a `stat_result`, in whole seconds. */
export const ST_ATIME: number = 7
/** Index of the time of the last change of the contents in a `stat_result`, in whole seconds. */
export const ST_MTIME: number = 8
/** Index of the time of the last change of the metadata in a `stat_result`, in whole seconds. */
export const ST_CTIME: number = 9

// Flags of chflags(2). macOS and the BSDs have that call; CPython defines its numbers everywhere.

/** Flags of `chflags`: the flags that the owner may change. */
export const UF_SETTABLE: number = 0xffff
/** Flag of `chflags`: backups skip the file. */
export const UF_NODUMP: number = 0x1
/** Flag of `chflags`: the file cannot be changed. */
export const UF_IMMUTABLE: number = 0x2
/** Flag of `chflags`: the file can only be appended to. */
export const UF_APPEND: number = 0x4
/** Flag of `chflags`: the directory is opaque in a union mount. */
export const UF_OPAQUE: number = 0x8
/** Flag of `chflags`: the file cannot be removed or renamed. */
export const UF_NOUNLINK: number = 0x10
/** Flag of `chflags`: the file is stored compressed (macOS). */
export const UF_COMPRESSED: number = 0x20
/** Flag of `chflags`: the system keeps track of the document (macOS). */
export const UF_TRACKED: number = 0x40
/** Flag of `chflags`: only entitled programs may read and write the file (macOS). */
export const UF_DATAVAULT: number = 0x80
/** Flag of `chflags`: graphical programs do not show the file (macOS). */
export const UF_HIDDEN: number = 0x8000
/** Flags of `chflags`: the flags that only the superuser may change. */
export const SF_SETTABLE: number = 0xffff_0000
/** Flags of `chflags`: the superuser's flags that the system supports. Availability: macOS. */
export const SF_SUPPORTED: number | undefined = undefined
/** Flags of `chflags`: the superuser's flags that the system sets itself. Availability: macOS. */
export const SF_SYNTHETIC: number | undefined = undefined
/** Flag of `chflags`: the file has been archived. */
export const SF_ARCHIVED: number = 0x1_0000
/** Flag of `chflags`: the file cannot be changed, and only the superuser can clear the flag. */
export const SF_IMMUTABLE: number = 0x2_0000
/** Flag of `chflags`: the file can only be appended to, and only the superuser can clear the flag. */
export const SF_APPEND: number = 0x4_0000
/** Flag of `chflags`: only entitled programs may write the file (macOS). */
export const SF_RESTRICTED: number = 0x8_0000
/** Flag of `chflags`: the file cannot be removed or renamed, and only the superuser can clear the flag. */
export const SF_NOUNLINK: number = 0x10_0000
/** Flag of `chflags`: the file is a snapshot. */
export const SF_SNAPSHOT: number = 0x20_0000
/** Flag of `chflags`: the file is a firmlink (macOS). */
export const SF_FIRMLINK: number = 0x80_0000
/** Flag of `chflags`: the contents of the file are not stored locally (macOS). */
export const SF_DATALESS: number = 0x4000_0000

// Bits of `statx_result.stx_attributes`.

/** Attribute in `statx`: the file system stores the file compressed. */
export const STATX_ATTR_COMPRESSED: number = C.STATX_ATTR_COMPRESSED
/** Attribute in `statx`: the file cannot be changed. */
export const STATX_ATTR_IMMUTABLE: number = C.STATX_ATTR_IMMUTABLE
/** Attribute in `statx`: the file can only be appended to. */
export const STATX_ATTR_APPEND: number = C.STATX_ATTR_APPEND
/** Attribute in `statx`: backups skip the file. */
export const STATX_ATTR_NODUMP: number = C.STATX_ATTR_NODUMP
/** Attribute in `statx`: the file system needs a key to read the file. */
export const STATX_ATTR_ENCRYPTED: number = C.STATX_ATTR_ENCRYPTED
/** Attribute in `statx`: entering the directory mounts something there. */
export const STATX_ATTR_AUTOMOUNT: number = C.STATX_ATTR_AUTOMOUNT
/** Attribute in `statx`: the root of a mount (Linux 5.8). */
export const STATX_ATTR_MOUNT_ROOT: number = C.STATX_ATTR_MOUNT_ROOT
/** Attribute in `statx`: fs-verity protects the contents (Linux 5.5). */
export const STATX_ATTR_VERITY: number = C.STATX_ATTR_VERITY
/** Attribute in `statx`: direct access (DAX): the file is read without the page cache (Linux 5.8). */
export const STATX_ATTR_DAX: number = C.STATX_ATTR_DAX
/** Attribute in `statx`: atomic (untorn) writes are supported (Linux 6.11). */
export const STATX_ATTR_WRITE_ATOMIC: number = C.STATX_ATTR_WRITE_ATOMIC

// Attributes of files on Windows. CPython defines their numbers everywhere.

/** Attribute of files on Windows: to be backed up. */
export const FILE_ATTRIBUTE_ARCHIVE: number = 0x20
/** Attribute of files on Windows: compressed. */
export const FILE_ATTRIBUTE_COMPRESSED: number = 0x800
/** Attribute of files on Windows: reserved for devices. */
export const FILE_ATTRIBUTE_DEVICE: number = 0x40
/** Attribute of files on Windows: a directory. */
export const FILE_ATTRIBUTE_DIRECTORY: number = 0x10
/** Attribute of files on Windows: encrypted. */
export const FILE_ATTRIBUTE_ENCRYPTED: number = 0x4000
/** Attribute of files on Windows: hidden from ordinary listings. */
export const FILE_ATTRIBUTE_HIDDEN: number = 0x2
/** Attribute of files on Windows: with checksums of its contents (ReFS). */
export const FILE_ATTRIBUTE_INTEGRITY_STREAM: number = 0x8000
/** Attribute of files on Windows: none of the others. */
export const FILE_ATTRIBUTE_NORMAL: number = 0x80
/** Attribute of files on Windows: excluded from the search index. */
export const FILE_ATTRIBUTE_NOT_CONTENT_INDEXED: number = 0x2000
/** Attribute of files on Windows: excluded from the file system's integrity checks. */
export const FILE_ATTRIBUTE_NO_SCRUB_DATA: number = 0x2_0000
/** Attribute of files on Windows: the contents are offline. */
export const FILE_ATTRIBUTE_OFFLINE: number = 0x1000
/** Attribute of files on Windows: read-only. */
export const FILE_ATTRIBUTE_READONLY: number = 0x1
/** Attribute of files on Windows: a reparse point, such as a symbolic link. */
export const FILE_ATTRIBUTE_REPARSE_POINT: number = 0x400
/** Attribute of files on Windows: sparse. */
export const FILE_ATTRIBUTE_SPARSE_FILE: number = 0x200
/** Attribute of files on Windows: part of the system. */
export const FILE_ATTRIBUTE_SYSTEM: number = 0x4
/** Attribute of files on Windows: for temporary use. */
export const FILE_ATTRIBUTE_TEMPORARY: number = 0x100
/** Attribute of files on Windows: reserved. */
export const FILE_ATTRIBUTE_VIRTUAL: number = 0x1_0000

/** Kind of reparse point: symbolic link. Availability: Windows. */
export const IO_REPARSE_TAG_SYMLINK: number | undefined = undefined
/** Kind of reparse point: junction. Availability: Windows. */
export const IO_REPARSE_TAG_MOUNT_POINT: number | undefined = undefined
/** Kind of reparse point: application execution alias. Availability: Windows. */
export const IO_REPARSE_TAG_APPEXECLINK: number | undefined = undefined
