import * as z from 'zod'

/** How each engine is asked for one entity; containers/extract reads these settings as they stand in the file. */

const parameter = z
  .string()
  .regex(/^[A-Za-z0-9_.[\]-]{1,64}$/, 'the name of a query parameter: letters, digits, and _ . - [ ]')
const pointer = z.string().regex(/^(\/([^~/]|~[01])*)*$/, 'a JSON Pointer such as /data/items (RFC 6901)')
const whole = (least: number, most: number, text: string) =>
  z.int().min(least).max(most).optional().describe(text)

const cursor = z
  .string()
  .min(1)
  .max(200)
  .optional()
  .describe('Field that grows: only newer records are asked for.')
const batchRows = whole(1, 50_000, 'Rows of one object in bronze, at most. 5000 when it is left out.')
const lookbackSeconds = whole(
  0,
  86_400,
  'Rows this much older than the cursor are looked at again, for writers that commit late.',
)

const paging = z
  .strictObject({
    style: z.enum(['page', 'offset', 'cursor', 'link']).describe('How the API tells of its next page.'),
    param: parameter.optional().describe('Parameter that takes the page, the offset or the cursor.'),
    size: whole(1, 100_000, 'Records of one page.'),
    sizeParam: parameter.optional().describe('Parameter that takes the size.'),
    first: z
      .union([z.literal(0), z.literal(1)])
      .optional()
      .describe('Number of the first page.'),
    next: pointer.optional().describe('JSON Pointer to the next cursor, or to the link, in the body.'),
  })
  .superRefine(({ style, next }, context) => {
    if (style === 'cursor' && next === undefined)
      context.addIssue({ code: 'custom', message: 'a cursor needs next: where in the body it stands' })
  })
  .optional()
  .describe('How further pages are asked for. Without it there is one page.')

const each = z
  .strictObject({
    name: parameter.describe('Parameter, or the part of the path in braces, that takes each value.'),
    values: z.array(z.string().min(1).max(200)).min(1).max(500).describe('The values, asked for in turn.'),
  })
  .optional()
  .describe('The resource is asked for once for each of these values, such as symbols.')

const window = z
  .strictObject({
    from: parameter.describe('Parameter that takes the first day, YYYY-MM-DD.'),
    to: parameter.describe('Parameter that takes the last day.'),
    inclusive: z.boolean().optional().describe('The API includes the last day itself; true when left out.'),
  })
  .optional()
  .describe('How a range of days is asked for. A backfill needs it.')

export const restEntity = {
  path: z
    .string()
    .regex(/^\/\S*$/, 'a path that begins with /')
    .describe('Path of the resource.'),
  params: z.record(parameter, z.string().max(500)).optional().describe('Parameters that are always sent.'),
  records: pointer.optional().describe('JSON Pointer to the list of records; the whole body when left out.'),
  cursor,
  cursorParam: parameter.optional().describe('Parameter that takes the cursor’s last value.'),
  each,
  window,
  paging,
}

export const mongodbEntity = {
  collection: z.string().min(1).max(120).describe('Name of the collection.'),
  cursor,
  batchRows,
  lookbackSeconds,
  json: z
    .enum(['plain', 'canonical'])
    .optional()
    .describe('Values as plain JSON, or as canonical extended JSON. Plain when it is left out.'),
}

export const postgresEntity = {
  table: z
    .string()
    .regex(/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)?$/, 'table or schema.table')
    .describe('Name of the table.'),
  cursor,
  batchRows,
  lookbackSeconds,
  key: z
    .array(z.string().regex(/^[A-Za-z_]\w*$/, 'the name of a column'))
    .min(1)
    .max(10)
    .optional()
    .describe('Columns that tell rows apart; the primary key when left out.'),
}
