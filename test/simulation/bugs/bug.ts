/** A fault that is planted into the product: an exact piece of one file that another takes the place of. */
export interface Planted {
  file: string
  find: string
  replace: string
}

/** A bug that the simulator must find: what is wrong, and the pieces of the product that make it so. */
export interface Bug {
  name: string
  planted: readonly Planted[]
}

/** A bug of a single piece. */
export const one = (name: string, file: string, find: string, replace: string): Bug => ({
  name,
  planted: [{ file, find, replace }],
})
