import { Kind, type DocumentNode, type FragmentDefinitionNode, type SelectionSetNode } from 'graphql';

import { MAX_PAGE } from './page.js';

/** Values of an answer at most, and levels of objects. */
export const MAX_VALUES = 50_000;
export const MAX_DEPTH = 15;

/** How long the lists of the schema's own description are, about. */
const LISTS: Readonly<Record<string, number>> = {
  types: 40,
  fields: 6,
  args: 2,
  possibleTypes: 4,
  interfaces: 3,
  inputFields: 2,
  enumValues: 4,
  directives: 6,
};

export interface Cost {
  /** Values of the answer, were every list as long as it may be. */
  readonly values: number;
  /** Levels of objects. */
  readonly depth: number;
}

/** What a valid document may cost at most. Each fragment is looked at once, so that this is linear in its length. */
export function costOf(document: DocumentNode, variables: Readonly<Record<string, unknown>>): Cost {
  const fragments = new Map<string, FragmentDefinitionNode>();
  const known = new Map<string, Cost>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  const operations = document.definitions.flatMap((node) =>
    node.kind === Kind.OPERATION_DEFINITION ? [costOfSet(node.selectionSet)] : [],
  );
  return sumOf(operations);

  function costOfSet({ selections }: SelectionSetNode): Cost {
    return sumOf(
      selections.map((node) => {
        if (node.kind === Kind.INLINE_FRAGMENT) return costOfSet(node.selectionSet);
        if (node.kind === Kind.FRAGMENT_SPREAD) return costOfFragment(node.name.value);
        if (node.selectionSet === undefined) return { values: 1, depth: 1 };
        const { values, depth } = costOfSet(node.selectionSet);
        const first = node.arguments?.find(({ name }) => name.value === 'first')?.value;
        const length = first === undefined ? (LISTS[node.name.value] ?? 1) : pageLength(first);
        return { values: 1 + length * values, depth: 1 + depth };
      }),
    );
  }

  function costOfFragment(name: string): Cost {
    const before = known.get(name);
    if (before !== undefined) return before;
    const fragment = fragments.get(name);
    const cost = fragment === undefined ? { values: 0, depth: 0 } : costOfSet(fragment.selectionSet);
    known.set(name, cost);
    return cost;
  }

  /** What is no page is refused when it is asked for. */
  function pageLength(value: {
    readonly kind: Kind;
    readonly value?: unknown;
    readonly name?: { readonly value: string };
  }): number {
    const given = value.kind === Kind.VARIABLE ? variables[value.name?.value ?? ''] : value.value;
    const length = Number(given ?? MAX_PAGE);
    return length >= 0 && length <= MAX_PAGE ? length : MAX_PAGE;
  }
}

function sumOf(costs: readonly Cost[]): Cost {
  return {
    values: costs.reduce((sum, { values }) => sum + values, 0),
    depth: costs.reduce((most, { depth }) => Math.max(most, depth), 0),
  };
}
