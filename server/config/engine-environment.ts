const PASSED_ON = /^(PATH|HOME|TMPDIR|XDG_(RUNTIME_DIR|CONFIG_HOME)|(DOCKER|CONTAINER)_[A-Z_]+)$/

/** What the clients of Docker and Podman need of an environment to find their engine; nothing else of it reaches them. */
export const engineEnvironment = (env: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).flatMap(([name, value]) => value !== undefined && PASSED_ON.test(name) ? [[name, value]] : []))
