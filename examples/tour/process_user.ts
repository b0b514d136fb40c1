import os from 'osier'

// Whose process this is: the real ids say who started it, the effective ones what it may do. Root can take on those of
// anybody, group first: as an ordinary user it could not change the group any more. Others are refused.

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
