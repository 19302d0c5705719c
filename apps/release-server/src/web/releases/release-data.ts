/** A release as the form that edits it takes it; JSON in `data-managed` of its page for who may change it. */
export interface ReleaseData {
  readonly tag: string;
  /** Empty where it is the tag. */
  readonly title: string;
  readonly notes: string;
  readonly draft: boolean;
  readonly prerelease: boolean;
  /** As `make_latest` of the API has it. */
  readonly latest: 'true' | 'false' | 'legacy';
}
