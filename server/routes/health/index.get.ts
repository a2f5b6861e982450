export { default } from '#server/api/health.get.ts'
