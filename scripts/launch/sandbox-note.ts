import { findOnPath } from './path-search.ts'

/** What to say at start where submitted code could not be run for want of bubblewrap; undefined: nothing. */
export function sandboxNote(sandbox: 'auto' | 'bwrap' | 'container' | 'off', platform: string = process.platform): string | undefined {
  if (platform !== 'linux' || sandbox === 'off' || sandbox === 'container') return undefined
  if (findOnPath('bwrap')) return undefined
  if (sandbox === 'auto' && findOnPath('docker', 'podman')) return undefined
  return 'bubblewrap is not installed: submitted code is not run. Debian, Ubuntu: apt-get install bubblewrap; Fedora: dnf install bubblewrap; Alpine: apk add bubblewrap; Arch: pacman -S bubblewrap'
}
