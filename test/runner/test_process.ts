/**
 * Loaded before every test file: checks the descriptors that it leaves open, has it start in a temporary folder of its
 * own, and reports the CPU time that it took.
 */

// First: what is open now is what may be open at the end.
import '../support/descriptors.ts'
import './own_folder.ts'
import './cpu_time.ts'
