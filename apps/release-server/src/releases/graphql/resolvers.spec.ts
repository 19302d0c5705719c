import {
  getNamedType,
  isInterfaceType,
  isObjectType,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
} from 'graphql';

import { RESOLVERS } from './resolvers.js';
import { schema } from './schema.js';

/** Types whose fields are members of what they are made of. */
const PLAIN = /(Connection|Edge|PageInfo)$/;
/** What queries may name, and this server has none of. */
const NEVER = new Set(['Tag', 'GitActor']);

const objects = Object.values(schema.getTypeMap())
  .filter((type) => isObjectType(type))
  .filter(({ name }) => !name.startsWith('__') && !NEVER.has(name));

describe('the schema', () => {
  it('has a resolver for each field, and each resolver a field', () => {
    const fields = objects
      .filter(({ name }) => !PLAIN.test(name))
      .flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`));
    const resolvers = Object.entries(RESOLVERS).flatMap(([type, own]) =>
      Object.keys(own).map((field) => `${type}.${field}`),
    );
    expect(fields.length).toBeGreaterThan(70);
    expect(resolvers.toSorted()).toEqual(fields.toSorted());
  });

  it('has no cycle by which a query of few words could ask for ever more', () => {
    const cycles: string[] = [];
    const walk = (type: GraphQLObjectType | GraphQLInterfaceType, above: readonly string[]): void => {
      if (above.includes(type.name)) {
        cycles.push([...above, type.name].join(' '));
        return;
      }
      for (const field of Object.values(type.getFields())) {
        const below = getNamedType(field.type);
        if (isObjectType(below) || isInterfaceType(below)) walk(below, [...above, type.name]);
      }
    };
    walk(schema.getType('Query') as GraphQLObjectType, []);
    // A repository has no parent.
    expect(cycles).toEqual(['Query Repository Repository']);
  });
});
