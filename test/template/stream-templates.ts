import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, type ScalarTag } from 'yaml'
import { root } from './packaged.js'

/** CloudFormation's short forms, as the framework writes them out. */
const tag = (name: string, write: (value: string) => unknown): ScalarTag => ({
  tag: `!${name}`,
  resolve: write as ScalarTag['resolve'],
})
const customTags = [
  tag('Ref', (value) => ({ Ref: value })),
  tag('Sub', (value) => ({ 'Fn::Sub': value })),
  tag('GetAtt', (value) => ({ 'Fn::GetAtt': value.split('.') })),
]

interface Part {
  // biome-ignore lint/suspicious/noExplicitAny: CloudFormation's own shape, as deep as the template goes.
  Resources?: Record<string, { Type: string; Properties: Record<string, any> }>
  Outputs?: Record<string, unknown>
}

/** A YAML file of the repository that is written with CloudFormation's short forms. */
export const readYaml = (file: string) => parse(readFileSync(`${root}${file}`, 'utf8'), { customTags })

/** What each value of the stage parameter `streams` adds to the template. */
export const streams: Record<string, Part> = readYaml('infra/streams.yml')

/** What the streams need of the rest of the template, so that cfn-lint sees a whole one. */
const rest = {
  BronzeBucket: { Type: 'AWS::S3::Bucket' },
  AlertsTopic: { Type: 'AWS::SNS::Topic' },
}

/** Writes a template of each variant that adds something, and gives their files: packaging takes much longer. */
export function writeStreamTemplates(folder: string): string[] {
  return Object.entries(streams).flatMap(([variant, { Resources, Outputs }]) => {
    if (!Outputs) return []
    const file = join(folder, `streams-${variant}.json`)
    const whole = { AWSTemplateFormatVersion: '2010-09-09', Resources: { ...rest, ...Resources }, Outputs }
    writeFileSync(file, JSON.stringify(whole))
    return [file]
  })
}
