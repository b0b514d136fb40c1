import { brand } from './copies.ts'
import { badValue, outOfRange } from './errors.ts'
import { decode } from './libc/strings.ts'
import { allGroupEntries, type GroupEntry, groupEntry } from './libc/user_database.ts'
import { id as groupId } from './os/arguments/numbers.ts'
import { cString, type FileName, fileName } from './os/arguments/paths.ts'
import { items, StructSequence } from './results/struct_sequence.ts'

/** Python's `grp` module: the group database. */

type GroupItems = readonly [name: string, passwd: string, gid: number, members: readonly string[]]

/**
 * A group, as `getgrnam`, `getgrgid` and `getgrall` return it. It is also a sequence of four items, in the order of the
 * fields. Text is decoded as by `os.fsdecode`, so bytes that are not UTF-8 are kept as lone surrogates.
 *
 * See group(5); Python, grp.struct_group.
 * @example
 * ```ts
 * const group = grp.getgrgid(0)
 * group instanceof grp.struct_group // => true
 * const [name, , gid] = group
 * [name, gid] // => ['root', 0]
 * ```
 */
export class struct_group extends StructSequence<GroupItems> {
  static {
    brand(struct_group, 'struct_group')
  }

  /** The name of the group. */
  readonly gr_name: string
  /** The encrypted password of the group, usually only 'x' or '*'. */
  readonly gr_passwd: string
  /** The group id. */
  readonly gr_gid: number
  /** The names of the members. Users whose primary group it is are usually not among them. */
  readonly gr_mem: readonly string[]

  /** @param sequence four items, in the order of the fields */
  constructor(sequence: Iterable<string | number | readonly string[]>) {
    super()
    const [name, passwd, gid, members] = items<string | number | readonly string[]>(sequence, 'struct_group', 4, 4)
    if (!Array.isArray(members)) throw badValue('sequence', 'must have an array of names as its last item', members)
    this.gr_name = String(name)
    this.gr_passwd = String(passwd)
    this.gr_gid = Number(gid)
    this.gr_mem = members.map(String)
  }

  override toArray(): [...GroupItems] {
    return [this.gr_name, this.gr_passwd, this.gr_gid, this.gr_mem]
  }
}

function resultOf({ name, passwd, gid, members }: GroupEntry): struct_group {
  return new struct_group([decode(name), decode(passwd), gid, members.map((member) => decode(member))])
}

/**
 * getgrnam(3): returns the group with a name.
 *
 * @param name the name of the group: text, or bytes
 * @returns the group
 * @throws RangeError if there is no such group (KeyError in Python), and for a name that contains a NUL
 * @throws OSError if the database cannot be read
 *
 * Availability: Linux. See getgrnam(3); Python, grp.getgrnam.
 * @example
 * ```ts
 * grp.getgrnam('root').gr_gid // => 0
 * grp.getgrnam('no such group') // throws RangeError
 * ```
 */
export function getgrnam(name: FileName): struct_group {
  const group = groupEntry(cString(fileName(name, 'name'), 'name'))
  if (group === undefined) throw badValue('name', 'must be the name of a group', name)
  return resultOf(group)
}

/**
 * getgrgid(3): returns the group with a group id.
 *
 * @param id the group id
 * @returns the group; of several with this id the first
 * @throws RangeError if there is no such group (KeyError in Python)
 * @throws OSError if the database cannot be read
 *
 * Availability: Linux. See getgrgid(3); Python, grp.getgrgid.
 * @example
 * ```ts
 * grp.getgrgid(0).gr_name // => 'root'
 * ```
 */
export function getgrgid(id: number): struct_group {
  const number = groupId(id, 'id')
  const group = number === -1 ? undefined : groupEntry(number)
  if (group === undefined) throw outOfRange('id', 'the id of a group', id)
  return resultOf(group)
}

/**
 * getgrent(3): returns all groups of the database. Directory services (nsswitch.conf(5)) may leave theirs out.
 *
 * @returns the groups, in the order of the database
 * @throws OSError if the database cannot be read
 *
 * Availability: Linux. See getgrent(3); Python, grp.getgrall.
 * @example
 * ```ts
 * grp.getgrall().some(({ gr_name }) => gr_name === 'root') // => true
 * ```
 */
export function getgrall(): struct_group[] {
  return allGroupEntries().map(resultOf)
}

export * as default from './grp.ts'
