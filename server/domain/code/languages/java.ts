import { findMainClass, findSourceName } from '../java-names.ts'
import { ARTIFACT_PATH, shareOfMemory, sourcesEnding, type Language } from '../language.ts'

/** Beside the heap the JVM needs room for classes, code and threads. */
const HEAP_SHARE = 0.6
/** Quick to start, small: one collector thread, the first compiler only, no shared performance file. */
const SMALL_JVM = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData', '-Xshare:auto']
const small = SMALL_JVM.map(flag => `-J${flag}`)
/** `$1` is the folder of the tools; then the sources. */
const BUILD = `set -e; tools=$1; shift
"$tools/javac" ${small.join(' ')} -encoding UTF-8 -d /tmp/classes "$@"
exec "$tools/jar" ${small.join(' ')} --create --no-compress --file ${ARTIFACT_PATH} -C /tmp/classes .`

/** A jar of all classes; the class with `main` is found in the source, whose file is called after its public class. */
export default {
  language: 'java', title: 'Java', aliases: [], sourceFile: 'Main.java',
  nameSource: findSourceName,
  search: {
    names: ['java'], folders: ['/usr/lib/jvm/*/bin', '~/.sdkman/candidates/java/*/bin'], needs: 'prefix', beside: ['javac', 'jar'],
    // Debian keeps the settings that the JVM cannot start without outside its prefix.
    settings: ['/etc/java-*-openjdk'],
    version: { args: ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-version'], pattern: /version "([^"]+)"/ },
  },
  limitAddressSpace: false,
  compile: submission => ({
    argv: ['/bin/sh', '-c', BUILD, 'build', submission.toolchain.binary.replace(/\/[^/]+$/, ''), ...sourcesEnding(submission, '.java')],
  }),
  run: ({ toolchain, code, memoryBytes }) => ({
    argv: [toolchain.binary, `-Xmx${shareOfMemory(memoryBytes, HEAP_SHARE)}m`, ...SMALL_JVM, '-cp', ARTIFACT_PATH, findMainClass(code)],
  }),
  install: { debian: 'apt install default-jdk-headless', alpine: 'apk add openjdk21-jdk', fedora: 'dnf install java-latest-openjdk-devel', macos: 'brew install openjdk' },
} satisfies Language
