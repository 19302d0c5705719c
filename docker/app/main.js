// What the image runs. An extension's own takes its place: docs/extending.md
import { AppModule, serve } from 'release-server';

await serve(() => AppModule.with());
