import os from 'osier'

// The environment: children get what `os.environ` says when they are started.

function show(title: string): void {
  console.log(title, os.environ.TOUR ?? '(not set)')
  console.log('As a child sees it:')
  os.system('echo "$TOUR"')
  console.log()
}

show('At first:')

os.environ.TOUR = 'changed'
show('After a change:')

os.environ.delete('TOUR')
show('After its removal:')
