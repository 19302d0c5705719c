/**
 * Makes something of an object once, and keeps it as long as the object. Fit for the packages of a store and for their
 * whole list: a store returns the same ones until they change.
 */
export function oncePer<Source extends object, Made>(
  make: (source: Source) => Made,
): (source: Source) => Made {
  const known = new WeakMap<Source, Made>();
  return (source) => {
    const before = known.get(source);
    if (before !== undefined || known.has(source)) return before as Made;
    const made = make(source);
    known.set(source, made);
    return made;
  };
}
