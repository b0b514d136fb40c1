import { brand } from './copies.ts'
import { badValue, outOfRange } from './errors.ts'
import { decode } from './libc/strings.ts'
import { allPasswdEntries, type PasswdEntry, passwdEntry } from './libc/user_database.ts'
import { id } from './os/arguments/numbers.ts'
import { cString, type FileName, fileName } from './os/arguments/paths.ts'
import { items, StructSequence } from './results/struct_sequence.ts'

/** Python's `pwd` module: the user database. */

type PasswdItems = readonly [
  name: string,
  passwd: string,
  uid: number,
  gid: number,
  gecos: string,
  dir: string,
  shell: string,
]

/**
 * A user, as `getpwnam`, `getpwuid` and `getpwall` return it. It is also a sequence of seven items, in the order of the
 * fields. Text is decoded as by `os.fsdecode`, so bytes that are not UTF-8 are kept as lone surrogates.
 *
 * See passwd(5); Python, pwd.struct_passwd.
 * @example
 * ```ts
 * const user = pwd.getpwuid(0)
 * user instanceof pwd.struct_passwd // => true
 * const [name, , uid] = user
 * [name, uid] // => ['root', 0]
 * ```
 */
export class struct_passwd extends StructSequence<PasswdItems> {
  static {
    brand(struct_passwd, 'struct_passwd')
  }

  /** The login name. */
  readonly pw_name: string
  /** The encrypted password, usually only 'x' or '*': the password is in a file that only root can read. */
  readonly pw_passwd: string
  /** The user id. */
  readonly pw_uid: number
  /** The id of the primary group. */
  readonly pw_gid: number
  /** The full name, or a comment. */
  readonly pw_gecos: string
  /** The home directory. */
  readonly pw_dir: string
  /** The shell. */
  readonly pw_shell: string

  /** @param sequence seven items, in the order of the fields */
  constructor(sequence: Iterable<string | number>) {
    super()
    const [name, passwd, uid, gid, gecos, dir, shell] = items<string | number>(sequence, 'struct_passwd', 7, 7)
    this.pw_name = String(name)
    this.pw_passwd = String(passwd)
    this.pw_uid = Number(uid)
    this.pw_gid = Number(gid)
    this.pw_gecos = String(gecos)
    this.pw_dir = String(dir)
    this.pw_shell = String(shell)
  }

  override toArray(): [...PasswdItems] {
    return [this.pw_name, this.pw_passwd, this.pw_uid, this.pw_gid, this.pw_gecos, this.pw_dir, this.pw_shell]
  }
}

function resultOf({ name, passwd, uid, gid, gecos, dir, shell }: PasswdEntry): struct_passwd {
  return new struct_passwd([decode(name), decode(passwd), uid, gid, decode(gecos), decode(dir), decode(shell)])
}

/**
 * getpwnam(3): returns the user with a login name.
 *
 * @param name the login name: text, or bytes
 * @returns the user
 * @throws RangeError if there is no such user (KeyError in Python), and for a name that contains a NUL
 * @throws OSError if the database cannot be read
 *
 * Availability: Linux. See getpwnam(3); Python, pwd.getpwnam.
 * @example
 * ```ts
 * pwd.getpwnam('root').pw_uid // => 0
 * pwd.getpwnam('no such user') // throws RangeError
 * ```
 */
export function getpwnam(name: FileName): struct_passwd {
  const user = passwdEntry(cString(fileName(name, 'name'), 'name'))
  if (user === undefined) throw badValue('name', 'must be the name of a user', name)
  return resultOf(user)
}

/**
 * getpwuid(3): returns the user with a user id.
 *
 * @param uid the user id
 * @returns the user; of several with this id the first
 * @throws RangeError if there is no such user (KeyError in Python)
 * @throws OSError if the database cannot be read
 *
 * Availability: Linux. See getpwuid(3); Python, pwd.getpwuid.
 * @example
 * ```ts
 * pwd.getpwuid(0).pw_name // => 'root'
 * ```
 */
export function getpwuid(uid: number): struct_passwd {
  const number = id(uid, 'uid')
  const user = number === -1 ? undefined : passwdEntry(number)
  if (user === undefined) throw outOfRange('uid', 'the id of a user', uid)
  return resultOf(user)
}

/**
 * getpwent(3): returns all users of the database. Directory services (nsswitch.conf(5)) may leave theirs out.
 *
 * @returns the users, in the order of the database
 * @throws OSError if the database cannot be read
 *
 * Availability: Linux. See getpwent(3); Python, pwd.getpwall.
 * @example
 * ```ts
 * pwd.getpwall().some(({ pw_name }) => pw_name === 'root') // => true
 * ```
 */
export function getpwall(): struct_passwd[] {
  return allPasswdEntries().map(resultOf)
}

export * as default from './pwd.ts'
