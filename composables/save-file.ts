/** Gives bytes to the browser as a file to keep. */
export function saveFile(bytes: Uint8Array<ArrayBuffer>, name: string, type = 'application/octet-stream'): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([bytes], { type }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 1000)
}
