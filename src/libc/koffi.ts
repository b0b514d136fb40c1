// The only import of koffi. Modules are evaluated in the order of their imports, so the check runs before koffi.
import './platform_package.ts'
import koffi from 'koffi'

export type { LibraryHandle } from 'koffi'
export default koffi
