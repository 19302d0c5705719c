/** The oldest Node that runs the server. */
const NODE = 24;

/** What keeps this Node from running the server, for whoever started it; undefined when nothing does. */
export const NODE_TOO_OLD =
  Number.parseInt(process.versions.node, 10) >= NODE
    ? undefined
    : `release-server: needs Node ${NODE} or later, and ${process.execPath} is ${process.versions.node}; npm install node@${NODE} brings it along`;
