import assert from 'node:assert/strict'
import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import os from 'osier'
import { temporaryFolder } from '../../support/folder.ts'
import { askPython, noPython } from '../../support/python.ts'

const folder = temporaryFolder()

/** A file, and a symbolic link to it. */
function fileAndLink(): { file: string; link: string } {
  const root = mkdtempSync(join(folder, 'modes-'))
  const [file, link] = [join(root, 'file'), join(root, 'link')]
  writeFileSync(file, '', { mode: 0o600 })
  symlinkSync('file', link)
  return { file, link }
}

describe('chmod of a symbolic link itself', () => {
  test('is a NotImplementedError where links have no permissions, as in CPython', async (t) => {
    const { file, link } = fileAndLink()
    try {
      os.chmod(link, 0o640, { follow_symlinks: false })
    } catch (error) {
      assert.ok(error instanceof os.NotImplementedError, `${error}`)
      assert.match(error.message, /^chmod of a symbolic link itself /)
      await assert.rejects(os.promises.chmod(link, 0o640, { follow_symlinks: false }), os.NotImplementedError)
      assert.equal(os.stat(file).st_mode & 0o777, 0o600)
      assert.equal(os.lstat(link).st_mode & 0o777, 0o777)
      return
    }
    t.skip('links have permissions on this file system')
  })

  test('is not in supports_follow_symlinks, so that what shutil.copystat does works', { skip: noPython }, () => {
    assert.equal(askPython('import json, os; print(json.dumps(os.chmod in os.supports_follow_symlinks))'), false)
    assert.equal(os.supports_follow_symlinks.has(os.chmod), false)
  })

  test('fails as the system does for another reason', () => {
    assert.throws(() => os.chmod(join(folder, 'missing'), 0o600, { follow_symlinks: false }), os.FileNotFoundError)
  })

  test('of a file is the same as without the option', (t) => {
    const { file } = fileAndLink()
    try {
      os.chmod(file, 0o640, { follow_symlinks: false })
    } catch (error) {
      if (!(error instanceof os.NotImplementedError)) throw error
      t.skip(error.message)
      return
    }
    assert.equal(os.stat(file).st_mode & 0o777, 0o640)
  })
})
