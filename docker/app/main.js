// What the image runs. An extension's own takes its place: docs/extending.md
import './node_modules/release-server/dist/server/main.js';
