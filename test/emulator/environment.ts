import { inject } from 'vitest'

// The SDK's own variables: the clients under test are built exactly as in a Lambda.
Object.assign(process.env, {
  AWS_ENDPOINT_URL: inject('endpoint'),
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
})
