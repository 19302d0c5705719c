// Loaded into a server before everything else: shifts its clock by the milliseconds that the file CLOCK says, at any time.
import { readFileSync } from 'node:fs';

const { now } = Date;
Date.now = () => now() + Number(readFileSync(process.env.CLOCK, 'utf8'));
