const PUBLISH =
  'To publish, PUT the bytes to /assets/{filename}, or POST a form with a file field named file to /upload.';

/** What other servers call them, and what people remember of it. */
const NEARLY = /^\/(assets?|downloads?|files?|packages?|releases?)(\/|$)/i;

/** What somebody who missed an address or a method may have wanted; undefined where that cannot be told. */
export function hintFor(method: string, path: string): string | undefined {
  const place = path.replace(/(?<=.)\/$/, '');
  switch (method) {
    case 'PUT':
    case 'POST':
    case 'PATCH':
      return place === '/assets'
        ? `The package's name is missing: use /assets/{filename}. curl -T appends the name of its file to an address that ends with a slash: /assets/. ${PUBLISH}`
        : PUBLISH;
    case 'DELETE':
      return 'To delete, use DELETE /assets/{filename}.';
    case 'GET':
    case 'HEAD':
      if (place === '/upload') return PUBLISH;
      return NEARLY.test(place)
        ? 'A package is at /assets/{filename}, the list of packages at /packages.'
        : undefined;
    default:
      return undefined;
  }
}
