"""CPython's half of the fuzzing: makes in one directory the calls that osier makes in its twin, and compares the two.

Arguments: the two directories, of equal length, osier's first. On standard input comes a step a line, as JSON; for each
goes a line to standard output: what came of the step here, and the first place where the trees differ, or null.
"""

import contextlib
import hashlib
import json
import os
import stat
import sys
import time

OURS, THEIRS = (os.fsencode(path) for path in sys.argv[1:3])

# Where the calls are made: deep enough that no '..' leads out to the other twin.
WORK = b'/1/2/3/4/5/6/7/a'
# What is compared: some of the directories above it, too.
COMPARED = b'/1/2/3/4/5/6'

# Times that are this far away have been set; the others are when something happened.
FAR = 1_000_000 * 10**9

# No descriptor has this number.
CLOSED = 9999

# os.makedirs calls itself for each part of a path.
sys.setrecursionlimit(20_000)

slots = {}


def far(nanoseconds):
    return str(nanoseconds) if abs(nanoseconds - time.time_ns()) > FAR else 'recent'


# Arguments and results, as JSON holds them


def argument(value):
    if isinstance(value, str):
        return os.fsdecode(THEIRS + WORK) + value[1:] if value.startswith('@') else value
    if isinstance(value, list):
        return [argument(item) for item in value]
    if not isinstance(value, dict):
        return value
    (kind, content), = value.items()
    if kind == 'fd':
        return slots.get(content, CLOSED)
    if kind == 'bytes':
        return bytes.fromhex(content)
    if kind == 'pair':
        return tuple(int(item) if isinstance(item, str) else item for item in content)
    raise ValueError(kind)


def shape(value):
    if isinstance(value, bytes):
        return {'bytes': value.replace(THEIRS, b'@').hex()}
    if isinstance(value, str):
        return value.replace(os.fsdecode(THEIRS), '@')
    if isinstance(value, os.stat_result):
        return status(value)
    if isinstance(value, os.statvfs_result):
        return [value.f_bsize, value.f_frsize, value.f_namemax]
    if isinstance(value, (list, tuple)):
        return [shape(item) for item in value]
    if isinstance(value, int) and abs(value) >= 2**53:
        raise OverflowError('osier gives no number that it would have to round')
    return value


def status(found):
    # Neither the size of directories nor when they were read is the caller's doing alone.
    own = [] if stat.S_ISDIR(found.st_mode) else [found.st_size, far(found.st_atime_ns)]
    mtime = far(found.st_mtime_ns)
    seconds = [] if mtime == 'recent' else [found[stat.ST_MTIME], found.st_mtime]
    ids = [found.st_uid, found.st_gid, found.st_rdev]
    return [found.st_mode, found.st_nlink, *ids, mtime, *seconds, *own]


def name_of(filename):
    # Descriptors have other numbers there.
    return None if isinstance(filename, int) else shape(filename)


def attempt(call):
    try:
        return {'result': shape(call())}
    except OSError as error:
        return {'errno': error.errno, 'names': [name_of(error.filename), name_of(error.filename2)]}
    except TypeError:
        return {'error': 'TypeError'}
    except (ValueError, OverflowError):
        return {'error': 'RangeError'}


# Calls that are not a function's alone


def entry_facts(entry):
    return [
        shape(entry.name),
        shape(entry.path),
        attempt(entry.is_symlink),
        attempt(entry.is_dir),
        attempt(entry.is_file),
        attempt(lambda: entry.is_dir(follow_symlinks=False)),
        attempt(entry.stat),
        attempt(lambda: entry.stat(follow_symlinks=False)),
    ]


def in_order(items):
    return sorted(items, key=lambda item: json.dumps(item, separators=(',', ':')))


def rewound(path):
    """Where osier begins, CPython goes on from where a descriptor stands."""
    if isinstance(path, int) and stat.S_ISDIR(os.fstat(path).st_mode):
        os.lseek(path, 0, os.SEEK_SET)
    return path


def scandir(path):
    with os.scandir(rewound(path)) as entries:
        return in_order(entry_facts(entry) for entry in entries)


def walk(top, topdown):
    return in_order([shape(root), in_order(map(shape, dirs)), in_order(map(shape, files))]
                    for root, dirs, files in os.walk(top, topdown=topdown))


def fwalk(top, dir_fd):
    try:
        mode = os.stat(top, dir_fd=dir_fd).st_mode
        if stat.S_ISSOCK(mode) or stat.S_ISFIFO(mode):
            # To osier no directories, as any other file; CPython opens them first, which sockets refuse, and waits for
            # the other end of a FIFO.
            return []
    except (OSError, ValueError):
        pass
    return in_order([shape(root), in_order(map(shape, dirs)), in_order(map(shape, files)), status(os.fstat(fd))]
                    for root, dirs, files, fd in os.fwalk(top, dir_fd=dir_fd))


def checked(function):
    """The function where names are refused before any directory is made, as osier does; CPython makes some first."""
    def call(*names, **options):
        for name in names:
            if isinstance(name, (str, bytes)) and b'\0' in os.fsencode(name):
                raise ValueError('embedded null byte')
        return function(*names, **options)
    return call


def chain(length):
    for number in range(length):
        os.symlink('b' if number == 0 else f'l{number - 1}', f'l{number}')


SPECIAL = {
    'makedirs': checked(os.makedirs),
    'renames': checked(os.renames),
    'scandir': scandir,
    'walk': walk,
    'fwalk': fwalk,
    'chain': chain,
    'listdir': lambda path: in_order(map(shape, os.listdir(rewound(path)))),
    'listxattr': lambda path, **options: in_order(os.listxattr(path, **options)),
}


def close(slot):
    os.close(slots.pop(slot, CLOSED))


def perform(step):
    name, args, options = step['call'], step['args'], step['options']
    if name == 'close':
        return close(args[0])
    args = [argument(value) for value in args]
    options = {key: argument(value) for key, value in options.items()}
    result = SPECIAL.get(name, getattr(os, name, None))(*args, **options)
    if 'slot' not in step:
        return result
    if step['slot'] in slots:
        close(step['slot'])
    slots[step['slot']] = result


# The trees


def content(path, size):
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOATIME | os.O_NONBLOCK)
    except PermissionError:
        return 'unreadable'
    try:
        start = os.pread(fd, 16384, 0)
        end = os.pread(fd, 4096, max(size - 4096, 0)) if size > 16384 else b''
        return hashlib.md5(start + end, usedforsecurity=False).hexdigest() if len(start) > 64 else start
    finally:
        os.close(fd)


def attributes(path):
    return [(name, os.getxattr(path, name)) for name in sorted(os.listxattr(path))]


def snapshot(top):
    tree = {}
    first_names = {}
    pending = [b'']
    while pending:
        inner = pending.pop()
        path = top + inner
        try:
            found = os.lstat(path)
        except OSError as error:
            tree[inner] = error.errno
            continue
        mode = found.st_mode
        facts = [mode, found.st_nlink, found.st_uid, found.st_gid, far(found.st_mtime_ns)]
        if stat.S_ISDIR(mode):
            try:
                pending.extend([inner + b'/' + name for name in os.listdir(path)])
            except OSError as error:
                facts.append(error.errno)
        elif stat.S_ISLNK(mode):
            facts.append(os.readlink(path).replace(OURS, b'@').replace(THEIRS, b'@'))
        elif stat.S_ISREG(mode):
            facts += [found.st_size, content(path, found.st_size)]
        if not stat.S_ISLNK(mode):
            try:
                facts.append(attributes(path))
            except OSError as error:
                facts.append(error.errno)
        tree[inner] = (found.st_ino, facts)
    # Which names are links to one file.
    for name in sorted(tree):
        if isinstance(tree[name], tuple):
            inode, facts = tree[name]
            tree[name] = [first_names.setdefault(inode, name), facts]
    return tree


def difference():
    ours, theirs = snapshot(OURS + COMPARED), snapshot(THEIRS + COMPARED)
    if ours == theirs:
        return None
    for name in sorted(ours.keys() | theirs.keys()):
        if ours.get(name) != theirs.get(name):
            return f'{name!r}: {ours.get(name)!r} instead of {theirs.get(name)!r}'


def clear(name, at=None):
    # Also what has lost its permissions, and what is too deep for a path.
    os.chmod(name, 0o700, dir_fd=at)
    here = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
    try:
        for inner in map(os.fsencode, os.listdir(here)):
            if stat.S_ISDIR(os.lstat(inner, dir_fd=here).st_mode):
                clear(inner, here)
                os.rmdir(inner, dir_fd=here)
            else:
                os.unlink(inner, dir_fd=here)
    finally:
        os.close(here)


def plant(top):
    for name in (b'/a/d', b'/d', b'/g', b'/h'):
        os.makedirs(top + WORK + name)
    for name in (b'/b', b'/a/b', b'/d/b'):
        with open(top + WORK + name, 'xb') as file:
            file.write(b'content of ' + name)
            with contextlib.suppress(OSError):
                # Not every file system has attributes.
                os.setxattr(file.fileno(), 'user.b', name)
    for name, target in ((b'/c', b'a'), (b'/d/a', b'../b'), (b'/e', b'nowhere')):
        os.symlink(target, top + WORK + name)


def reset():
    for slot in list(slots):
        close(slot)
    os.umask(0o022)
    os.chdir('/')
    for top in (OURS, THEIRS):
        if os.path.exists(top + COMPARED):
            clear(top + COMPARED)
        plant(top)
    os.chdir(THEIRS + WORK)
    slots[0] = os.open('a', os.O_RDONLY | os.O_DIRECTORY)
    slots[1] = os.open('b', os.O_RDWR)


def answer(step):
    if step['call'] == 'reset':
        return reset()
    return {'outcome': attempt(lambda: perform(step)), 'difference': difference()}


for line in sys.stdin.buffer:
    sys.stdout.write(json.dumps(answer(json.loads(line))) + '\n')
    sys.stdout.flush()
