// The framework's variables can only load CommonJS: this bridge lets `serverless.yml` read the TypeScript chain.
const { require: load } = require('tsx/cjs/api')
const { landingPattern, roles, stages } = load('./routes.ts', __filename)
const { extractRole } = load('./extract-role.ts', __filename)
const { schedules } = load('./schedules.ts', __filename)
module.exports = { ...stages, roles, landingPattern, extractRole, schedules }
