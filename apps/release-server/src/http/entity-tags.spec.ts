import { parseEntityTags } from './entity-tags.js';

describe('entity tags', () => {
  it.each<[string, string | string[]]>([
    ['*', '*'],
    [' * ', '*'],
    ['"a"', ['a']],
    ['"a", W/"b","c"', ['a', 'W/b', 'c']],
    ['"a,b" , "c"', ['a,b', 'c']],
    ['""', ['']],
    [',, "a" ,\t,', ['a']],
    ['"a" "b"', []],
    ['x"a"', []],
    ['a, "b"', ['b']],
    ['w/"a"', []],
    ['W/ "a"', []],
    ['"a b", "c"', ['c']],
    ['"a', []],
    ['"a", *', ['a']],
    ['', []],
  ])('in %j are %j', (header, expected) => {
    const tags = parseEntityTags(header);
    expect(tags === '*' ? tags : tags.map(({ isWeak, opaque }) => `${isWeak ? 'W/' : ''}${opaque}`)).toEqual(
      expected,
    );
  });
});
