import { type Omission, omission } from './suite.ts'

/** CPython's tests that have nothing to say about `os` on Linux, or about `os` at all. */

const WINDOWS = 'Windows only'
const BITS_32 = 'for processes of 32 bits only'
const NO_HEADERS = 'for systems whose sendfile(2) has headers and trailers, unlike Linux'
const HANDLERS = 'handlers and masks of signals are not part of `os`; in JavaScript handlers are `process.on`'

export const omissions: readonly Omission[] = [
  omission('test_os', 'FileTests', WINDOWS, ['test_write_windows_console']),
  omission('test_os', 'StatAttributeTests', WINDOWS, [
    'test_1686475',
    'test_access_denied',
    'test_file_attributes',
    'test_stat_block_device',
  ]),
  omission('test_os', 'URandomFDTests', 'for systems where `urandom` keeps a descriptor open, unlike Linux'),
  omission('test_os', 'ExecTests', WINDOWS, ['test_execve_with_empty_path']),
  omission('test_os', 'Win32ErrorTests', WINDOWS),
  omission('test_os', 'Win32KillTests', WINDOWS),
  omission('test_os', 'Win32ListdirTests', WINDOWS),
  omission('test_os', 'Win32SymlinkTests', WINDOWS),
  omission('test_os', 'Win32JunctionTests', WINDOWS),
  omission('test_os', 'Win32NtTests', WINDOWS),
  omission('test_os', 'PidTests', WINDOWS, ['test_waitpid_windows', 'test_waitstatus_to_exitcode_windows']),
  omission('test_os', 'TestSendfile', NO_HEADERS, ['test_headers', 'test_trailers']),
  omission('test_os', 'TestSendfile', BITS_32, ['test_headers_overflow_32bits', 'test_trailers_overflow_32bits']),
  omission('test_os', 'FDInheritanceTests', WINDOWS, ['test_dup_nul']),
  omission('test_posix', 'PosixTester', BITS_32, [
    'test_preadv_overflow_32bits',
    'test_pwritev_overflow_32bits',
    'test_readv_overflow_32bits',
    'test_writev_overflow_32bits',
  ]),
  omission('test_posix', 'TestPosixWeaklinking', 'macOS only'),
  omission('test_pty', 'SmallPtyTests', 'about the inner parts of `pty.spawn`, which is not part of `os`'),
  omission('test_signal', 'WindowsSignalTests', WINDOWS),
  omission('test_signal', 'WakeupFDTests', HANDLERS),
  omission('test_signal', 'WakeupSignalTests', HANDLERS),
  omission('test_signal', 'WakeupSocketSignalTests', HANDLERS),
  omission('test_signal', 'SiginterruptTest', HANDLERS),
  omission('test_signal', 'ItimerTest', 'timers that send signals are not part of `os`'),
  omission('test_signal', 'PendingSignalsTests', HANDLERS),
  omission('test_signal', 'StressTest', HANDLERS),
  omission('test_signal', 'RaiseSignalTest', WINDOWS, ['test_invalid_argument']),
]
