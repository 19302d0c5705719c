/** How somebody looks at a page. */
export interface Variant {
  readonly title: string;
  readonly colours: 'light' | 'dark';
  /** CSS pixels. */
  readonly width: number;
  readonly scripts: boolean;
}

/** Light and dark, on a phone and on a desk, with JavaScript and without. */
export const VARIANTS: readonly Variant[] = [true, false].flatMap((scripts) =>
  (['light', 'dark'] as const).flatMap((colours) =>
    [360, 1280].map((width) => ({
      title: `${colours}, ${width} px, ${scripts ? 'with' : 'without'} JavaScript`,
      colours,
      width,
      scripts,
    })),
  ),
);

/** Those in which scripts run, for what needs them. */
export const SCRIPTED = VARIANTS.filter(({ scripts }) => scripts);

/** The usual one, for what no variant changes. */
export const DESK: Variant = { title: 'on a desk', colours: 'light', width: 1280, scripts: true };
