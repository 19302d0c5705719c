import { execFileSync } from 'node:child_process';

/** An element as a parser has read it. */
export interface XmlElement {
  /** With its name space: `{http://www.w3.org/2005/Atom}feed`. */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

const READ = `
import json, sys, xml.etree.ElementTree as tree
def read(element):
    children = [read(child) for child in element]
    return dict(name=element.tag, attributes=element.attrib, text=element.text or '', children=children)
print(json.dumps(read(tree.fromstring(sys.stdin.buffer.read()))))
`;

/** Reads XML by expat, which takes nothing that is not well-formed. Throws for such. */
export function parseXml(bytes: Uint8Array): XmlElement {
  const output = execFileSync('python3', ['-c', READ], { input: bytes, stdio: ['pipe', 'pipe', 'ignore'] });
  return JSON.parse(output.toString()) as XmlElement;
}
