import os from 'osier'

// The user of this process: the real ids are those of the user who started it, the effective ids decide what it may do.
// Root can change them to any ids, the group first: an ordinary user cannot change the group. Other users get EPERM.

const OTHER_USER = 502

function show(title: string): void {
  console.log(title)
  console.log('User (real, effective):', os.getuid(), os.geteuid())
  console.log('Group (real, effective):', os.getgid(), os.getegid())
  console.log('All groups:', os.getgroups().join(' '))
  console.log()
}

function change(title: string, set: (id: number) => void): void {
  try {
    set(OTHER_USER)
  } catch (error) {
    if (!(error instanceof os.PermissionError)) throw error
    console.log(title, 'failed:', error.strerror)
    return
  }
  show(title)
}

show('As it was')
change('Another effective group', os.setegid)
change('Another effective user', os.seteuid)
