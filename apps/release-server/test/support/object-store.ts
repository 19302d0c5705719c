import type * as Sdk from '@aws-sdk/client-s3';

/** The bucket of the environment, as its owner sees it: past the server, to arrange and to look. */
async function connect(): Promise<{ sdk: typeof Sdk; client: Sdk.S3Client; Bucket: string }> {
  // Only where there is a store: it takes long to load.
  const sdk = await import('@aws-sdk/client-s3');
  const { S3_ENDPOINT: endpoint = '', S3_BUCKET: Bucket = '', AWS_REGION: region = '' } = process.env;
  return { sdk, client: new sdk.S3Client({ endpoint, region, forcePathStyle: true }), Bucket };
}

/** The keys of all objects below a prefix. */
export async function keysBelow(prefix: string): Promise<string[]> {
  const { sdk, client, Bucket } = await connect();
  const keys: string[] = [];
  for await (const { Contents = [] } of sdk.paginateListObjectsV2({ client }, { Bucket, Prefix: prefix }))
    keys.push(...Contents.map(({ Key = '' }) => Key));
  client.destroy();
  return keys;
}

export async function textOf(key: string): Promise<string> {
  return Buffer.from(await bytesOf(key)).toString();
}

export async function bytesOf(key: string): Promise<Uint8Array> {
  const { sdk, client, Bucket } = await connect();
  const { Body } = await client.send(new sdk.GetObjectCommand({ Bucket, Key: key }));
  const bytes = await Body?.transformToByteArray();
  client.destroy();
  return bytes ?? new Uint8Array();
}

/** The names of the packages whose bytes lie below the prefix of a store, listed or not. */
export async function blobNames(prefix: string): Promise<string[]> {
  const keys = await keysBelow(`${prefix}packages/`);
  return keys.map((key) => key.slice(key.lastIndexOf('/') + 1));
}

export async function removeObjects(prefix: string): Promise<void> {
  const keys = await keysBelow(prefix);
  const { sdk, client, Bucket } = await connect();
  await inTens(keys, (Key) => client.send(new sdk.DeleteObjectCommand({ Bucket, Key })));
  client.destroy();
}

export async function putObjects(objects: Readonly<Record<string, string>>): Promise<void> {
  const { sdk, client, Bucket } = await connect();
  await inTens(Object.entries(objects), ([Key, Body]) =>
    client.send(new sdk.PutObjectCommand({ Bucket, Key, Body })),
  );
  client.destroy();
}

/** Does so with all, ten at once. */
async function inTens<T>(all: readonly T[], act: (one: T) => Promise<unknown>): Promise<void> {
  const queue = all.values();
  const work = async (): Promise<void> => {
    for (const one of queue) await act(one);
  };
  await Promise.all(Array.from({ length: 10 }, work));
}
