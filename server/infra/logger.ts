import pino from 'pino'
import pretty from 'pino-pretty'
import { getConfig } from '#server/config.ts'

let instance: pino.Logger | undefined

/** The process's logger: one JSON object per line with JSON_LOGS, else short readable lines. Never pass it a secret. */
export function logger(): pino.Logger {
  instance ??= create()
  return instance
}

function create(): pino.Logger {
  const { log } = getConfig()
  const options: pino.LoggerOptions = {
    level: log.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: ['*.authorization', '*.cookie', '*.password', '*.secret', '*.token'], censor: '[redacted]' },
  }
  if (log.json) return pino(options)
  return pino(options, pretty({ colorize: process.stdout.isTTY, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l', singleLine: true, sync: true }))
}
