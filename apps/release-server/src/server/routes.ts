import type { Application, Request } from 'express';

/** A route that the running application answers. */
export interface Route {
  readonly method: string;
  readonly path: string;
}

/** The parts of Express's router that tell its routes. */
interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
  match(path: string): boolean;
}

/** All routes, in the order in which they are tried. GET routes answer HEAD as well. */
export function routesOf(app: Application): Route[] {
  return layersOf(app).flatMap(({ route }) =>
    route === undefined
      ? []
      : Object.keys(route.methods).map((method) => ({ method: method.toUpperCase(), path: route.path })),
  );
}

/** The methods that the request's path can be asked with; empty for an unknown path. */
export function allowedMethods(request: Request): string[] {
  const methods = new Set<string>();
  for (const layer of layersOf(request.app)) {
    if (layer.route === undefined || !matches(layer, request.path)) continue;
    for (const method of Object.keys(layer.route.methods)) methods.add(method.toUpperCase());
  }
  if (methods.has('GET')) methods.add('HEAD');
  return [...methods].sort();
}

function layersOf(app: Application): Layer[] {
  return (app.router as unknown as { stack: Layer[] }).stack;
}

function matches(layer: Layer, path: string): boolean {
  try {
    return layer.match(path);
  } catch {
    return false;
  }
}
