import { getgrgid } from 'osier/grp'
import { getpwnam, getpwuid } from 'osier/pwd'
import * as syslog from 'osier/syslog'

// Who is who, and a mask for the system log.

const root = getpwnam('root')
console.log(root.pw_uid, root.pw_dir, getpwuid(0).pw_name, getgrgid(root.pw_gid).gr_name)
const before = syslog.setlogmask(syslog.LOG_UPTO(syslog.LOG_WARNING))
syslog.syslog(syslog.LOG_DEBUG, 'this is not sent')
console.log(before, syslog.setlogmask(before))
