// Looks for an update and downloads it, with electron-updater outside of Electron: OPTIONS DIRECTORY
import { request } from 'node:http';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import updater from 'electron-updater';
import executor from 'electron-updater/out/electronHttpExecutor.js';

/** Its own, but for the client: that of Electron is not here. */
class Executor extends executor.ElectronHttpExecutor {
  createRequest(options, callback) {
    return request(options, callback);
  }
  addRedirectHandlers() {}
}

const [options, directory] = process.argv.slice(2);
process.env.APPIMAGE = join(directory, 'app.AppImage');
await writeFile(process.env.APPIMAGE, 'version 1.0.0');
await writeFile(join(directory, 'app-update.yml'), 'updaterCacheDirName: tool-updater\n');

const app = {
  version: '1.0.0',
  name: 'tool',
  isPackaged: true,
  appUpdateConfigPath: join(directory, 'app-update.yml'),
  userDataPath: join(directory, 'data'),
  baseCachePath: join(directory, 'cache'),
  whenReady: async () => {},
  onQuit() {},
};
const update = new updater.AppImageUpdater(null, app);
update.httpExecutor = new Executor();
update.setFeedURL(JSON.parse(options));
update.logger = null;
update.autoDownload = false;
update.disableDifferentialDownload = true;

const { isUpdateAvailable, updateInfo } = await update.checkForUpdates();
const [file] = await update.downloadUpdate();
console.log(
  JSON.stringify({
    isUpdateAvailable,
    version: updateInfo.version,
    releaseName: updateInfo.releaseName,
    releaseNotes: updateInfo.releaseNotes,
    content: await readFile(file, 'utf8'),
  }),
);
