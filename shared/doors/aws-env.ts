import type { Credentials, Place } from './aws-call.js'

/** What Lambda tells a function about where it is and who it is (Lambda developer guide, "environment variables"). */
export const lambdaPlace = (): Place => ({
  region: String(process.env.AWS_REGION),
  endpoint: process.env.AWS_ENDPOINT_URL,
})

export const lambdaCredentials = (): Credentials => ({
  accessKeyId: String(process.env.AWS_ACCESS_KEY_ID),
  secretAccessKey: String(process.env.AWS_SECRET_ACCESS_KEY),
  sessionToken: process.env.AWS_SESSION_TOKEN,
})
