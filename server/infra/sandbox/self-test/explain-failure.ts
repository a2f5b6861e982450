import { existsSync, readFileSync } from 'node:fs'
import { INSTALL } from '../bwrap/find-bwrap.ts'

export interface Explanation { reason: string, remedy: string | null }

const APPARMOR_PROFILE = `printf 'abi <abi/4.0>,\\ninclude <tunables/global>\\nprofile bwrap /usr/bin/bwrap flags=(unconfined) {\\n  userns,\\n}\\n' > /etc/apparmor.d/bwrap && apparmor_parser -r /etc/apparmor.d/bwrap`

const setting = (path: string) => {
  try {
    return readFileSync(path, 'utf8').trim()
  }
  catch {
    return undefined
  }
}

/**
 * Says what a failed proof means and what to do, from the complaint and from what this machine is set to.
 * @param step the question that got the wrong answer; absent: no box could be made
 */
export function explainFailure(complaint: string, step?: string): Explanation {
  const reason = step ? `${step}: ${complaint}` : complaint
  if (/not installed|too old/.test(complaint)) return { reason, remedy: `Install bubblewrap 0.6 or newer: ${INSTALL}` }
  if (/namespace|uid map|clone failed|Creating new/i.test(complaint)) return { reason, remedy: allowNamespaces() }
  if (/mount proc/i.test(complaint)) {
    return { reason, remedy: 'A container engine hides parts of /proc, so that no box can have its own. Start the code worker with --security-opt systempaths=unconfined (Kubernetes: procMount: Unmasked with hostUsers: false), or use BESPIN_SANDBOX=container.' }
  }
  if (/no folder for boxes/.test(complaint)) return { reason, remedy: 'Give the worker a temporary folder (TMPDIR) that everybody may walk to and that is not mounted noexec.' }
  return { reason, remedy: null }
}

/** Why this machine makes no user namespaces, as far as its settings tell. */
function allowNamespaces(): string {
  if (setting('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === '1') {
    return `AppArmor forbids user namespaces to programs without a profile. Give bubblewrap one (as root): ${APPARMOR_PROFILE}`
  }
  if (setting('/proc/sys/user/max_user_namespaces') === '0') return 'User namespaces are off. Allow them (as root): sysctl -w user.max_user_namespaces=15000, and the same line in /etc/sysctl.d/90-bespin.conf'
  if (setting('/proc/sys/kernel/unprivileged_userns_clone') === '0') return 'User namespaces are only for root. Allow them (as root): sysctl -w kernel.unprivileged_userns_clone=1, and the same line in /etc/sysctl.d/90-bespin.conf'
  if (existsSync('/.dockerenv') || existsSync('/run/.containerenv') || setting('/proc/1/cgroup')?.includes('kubepods')) {
    return 'The container engine\'s seccomp profile forbids user namespaces. Start the code worker with the profile that comes with Bespin (see docs/guides/sandbox.md), never with --privileged.'
  }
  return 'This machine does not let the worker make user namespaces; see docs/guides/sandbox.md, or use BESPIN_SANDBOX=container.'
}
