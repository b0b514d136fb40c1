/** The C structures that osier reads and writes: which fields, and how C calls the type. */

import { kernelUnits, libcUnit } from './names.ts'
import type { Unit } from './probe.ts'

export interface StructQuestion {
  /** The C type, where it is not `struct <name>`. */
  readonly type?: string
  readonly fields: string
  /** The unit with the declaration: the kernel's for structures that the kernel fills in directly. */
  readonly unit?: Unit
}

const kernelUnit: Unit = kernelUnits[0] ?? []

export const structs: Readonly<Record<string, StructQuestion>> = {
  // The kernel's declaration has fields that an old C library's lacks, and the layout only ever grows at the end.
  statx: {
    unit: kernelUnit,
    fields: `stx_mask stx_blksize stx_attributes stx_nlink stx_uid stx_gid stx_mode stx_ino stx_size stx_blocks
      stx_attributes_mask stx_atime stx_btime stx_ctime stx_mtime stx_rdev_major stx_rdev_minor stx_dev_major
      stx_dev_minor stx_mnt_id stx_dio_mem_align stx_dio_offset_align stx_subvol stx_atomic_write_unit_min
      stx_atomic_write_unit_max stx_atomic_write_segments_max stx_dio_read_offset_align
      stx_atomic_write_unit_max_opt`,
  },
  statx_timestamp: { unit: kernelUnit, fields: 'tv_sec tv_nsec' },
  open_how: { unit: kernelUnit, fields: 'flags mode resolve' },
  clone_args: {
    unit: kernelUnit,
    fields: `flags pidfd child_tid parent_tid exit_signal stack stack_size tls set_tid set_tid_size cgroup`,
  },
  stat: {
    fields: `st_dev st_ino st_mode st_nlink st_uid st_gid st_rdev st_size st_blksize st_blocks st_atim st_mtim
      st_ctim`,
  },
  statvfs: {
    fields: `f_bsize f_frsize f_blocks f_bfree f_bavail f_files f_ffree f_favail f_fsid f_flag f_namemax`,
  },
  timespec: { fields: 'tv_sec tv_nsec' },
  timeval: { fields: 'tv_sec tv_usec' },
  itimerspec: { fields: 'it_interval it_value' },
  itimerval: { fields: 'it_interval it_value' },
  utsname: { fields: 'sysname nodename release version machine' },
  passwd: { fields: 'pw_name pw_passwd pw_uid pw_gid pw_gecos pw_dir pw_shell' },
  group: { fields: 'gr_name gr_passwd gr_gid gr_mem' },
  // What getdents64 fills in; both C libraries declare `struct dirent` alike on 64-bit machines.
  dirent64: { type: 'struct dirent', fields: 'd_ino d_off d_reclen d_type d_name' },
  rusage: {
    fields: `ru_utime ru_stime ru_maxrss ru_ixrss ru_idrss ru_isrss ru_minflt ru_majflt ru_nswap ru_inblock
      ru_oublock ru_msgsnd ru_msgrcv ru_nsignals ru_nvcsw ru_nivcsw`,
  },
  siginfo_t: { type: 'siginfo_t', fields: 'si_signo si_code si_errno si_pid si_uid si_status si_value si_band' },
  signalfd_siginfo: { fields: 'ssi_signo ssi_errno ssi_code ssi_pid ssi_uid ssi_fd ssi_status' },
  sigaction: { fields: 'sa_handler sa_mask sa_flags sa_restorer' },
  sched_param: { fields: 'sched_priority' },
  iovec: { fields: 'iov_base iov_len' },
  flock: { fields: 'l_type l_whence l_start l_len l_pid' },
  winsize: { fields: 'ws_row ws_col ws_xpixel ws_ypixel' },
  termios: { fields: 'c_iflag c_oflag c_cflag c_lflag c_line c_cc' },
  tm: { fields: 'tm_sec tm_min tm_hour tm_mday tm_mon tm_year tm_wday tm_yday tm_isdst tm_gmtoff tm_zone' },
  tms: { fields: 'tms_utime tms_stime tms_cutime tms_cstime' },
  rlimit: { fields: 'rlim_cur rlim_max' },
  pollfd: { fields: 'fd events revents' },
  epoll_event: { fields: 'events data' },
  msghdr: { fields: 'msg_name msg_namelen msg_iov msg_iovlen msg_control msg_controllen msg_flags' },
  sockaddr_un: { fields: 'sun_family sun_path' },
  cmsghdr: { fields: 'cmsg_len cmsg_level cmsg_type' },
  io_uring_params: { unit: kernelUnit, fields: 'sq_entries cq_entries flags features sq_off cq_off' },
  io_sqring_offsets: { unit: kernelUnit, fields: 'head tail ring_mask ring_entries flags array' },
  io_cqring_offsets: { unit: kernelUnit, fields: 'head tail ring_mask ring_entries overflow cqes flags' },
  // Fields that share their place with others go by the name of the first one: addr2 is off.
  io_uring_sqe: {
    unit: kernelUnit,
    fields: 'opcode flags fd off addr len rw_flags user_data splice_fd_in addr3',
  },
  io_uring_cqe: { unit: kernelUnit, fields: 'user_data res flags' },
  io_uring_probe: { unit: kernelUnit, fields: 'last_op ops_len ops' },
  io_uring_probe_op: { unit: kernelUnit, fields: 'op flags' },
}

/** Types of which only the size matters. */
export const sizedTypes: readonly string[] = (
  'sigset_t fd_set cpu_set_t posix_spawnattr_t posix_spawn_file_actions_t pid_t uid_t gid_t id_t off_t time_t clock_t ' +
  'dev_t ino_t mode_t nlink_t blksize_t blkcnt_t rlim_t size_t int long pthread_t wchar_t'
).split(' ')

export function structType(name: string, question: StructQuestion): string {
  return question.type ?? `struct ${name}`
}

export function structFields(question: StructQuestion): string[] {
  return question.fields.trim().split(/\s+/)
}

export function structUnit(question: StructQuestion): Unit {
  return question.unit ?? libcUnit
}
