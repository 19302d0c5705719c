import type { Application, Request } from 'express';

/** A route that the running application answers. */
export interface Route {
  readonly method: string;
  readonly path: string;
}

/** The parts of Express's router that tell its routes. */
export interface Layer {
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

/** Whether a route has that path, whatever its method. */
export function hasRoute(app: Application, path: string): boolean {
  return layersOf(app).some((layer) => layer.route !== undefined && matches(layer, path));
}

/** What the paths of all routes begin with: `assets` of `/assets/*filename`. */
export function firstSegments(app: Application): Set<string> {
  return new Set(routesOf(app).map(({ path }) => path.split('/')[1] ?? ''));
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

/**
 * What Express tries for a GET before the one route of that pattern, beside routes that lie elsewhere and the first
 * `skipped` layers; undefined where there is no such route, or more than one.
 */
export function placeOf(app: Application, pattern: string, skipped: number): Layer[] | undefined {
  const all = layersOf(app).slice(skipped);
  const layers = all.filter(({ route }) => route === undefined || answersGet(route.methods));
  const [own, ...others] = layers.filter(({ route }) => route?.path === pattern);
  if (own === undefined || others.length > 0) return undefined;
  return layers.slice(0, layers.indexOf(own)).filter(({ route }) => {
    return route === undefined || isNear(literalPart(route.path), literalPart(pattern));
  });
}

function answersGet(methods: Readonly<Record<string, boolean>>): boolean {
  return ['get', 'head', '_all'].some((method) => methods[method] === true);
}

function isNear(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}

/** What a path of that pattern begins with. */
function literalPart(pattern: string): string {
  return pattern.split(/[:*{(\\]/, 1)[0] ?? '';
}

function layersOf(app: Application): Layer[] {
  return (app.router as unknown as { stack: Layer[] }).stack;
}

export function matches(layer: Layer, path: string): boolean {
  try {
    return layer.match(path);
  } catch {
    return false;
  }
}
