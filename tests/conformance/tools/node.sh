# needs: node
# Files, child processes of each kind, a worker, streams.
cat > main.mjs <<'SCRIPT'
import cp from 'node:child_process';
import fs from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Worker, isMainThread, parentPort } from 'node:worker_threads';
import zlib from 'node:zlib';
const ended = (child) => new Promise((done) => child.on('close', (...how) => done(how)));
if (process.argv[2] === 'kid') {
  process.on('message', (m) => { process.send({ got: m }); process.disconnect(); });
} else if (!isMainThread) {
  parentPort.postMessage(42);
} else {
  console.log(fs.readFileSync('hello.txt', 'utf8'), fs.readdirSync('sub').sort(), fs.statSync('numbers.txt').size);
  fs.mkdirSync('deep/er', { recursive: true }); fs.renameSync('empty', 'deep/er/empty'); fs.appendFileSync('hello.txt', 'more\n');
  fs.cpSync('sub', 'copied', { recursive: true }); fs.rmSync('many', { recursive: true }); fs.chmodSync('hello.txt', 0o600);
  fs.symlinkSync('hello.txt', 'sl'); fs.utimesSync('numbers.txt', 5, 6); fs.truncateSync('app.conf', 3);
  console.log(cp.execSync('ls | wc -l').toString(), cp.spawnSync('sh', ['-c', 'exit 4']).status, cp.spawnSync('sh', ['-c', 'kill -9 $$']).signal);
  console.log(await ended(cp.spawn('sh', ['-c', 'echo to stdout; exit 3'], { stdio: 'inherit' })));
  const through = cp.spawn('cat'); through.stdout.pipe(process.stdout); through.stdin.end('through a pipe\n'); console.log(await ended(through));
  const sleeper = cp.spawn('sleep', ['30']); sleeper.kill(); console.log(await ended(sleeper));
  const kid = cp.fork(process.argv[1], ['kid']); kid.on('message', (m) => console.log(m)); kid.send('hello'); console.log(await ended(kid));
  const worker = new Worker(new URL(import.meta.url)); console.log(await new Promise((done) => worker.on('message', done)));
  await pipeline(fs.createReadStream('binary.bin'), zlib.createGzip(), zlib.createGunzip(), fs.createWriteStream('again.bin'));
  console.log(fs.readFileSync('again.bin').equals(fs.readFileSync('binary.bin')));
}
SCRIPT
node main.mjs; echo $?; node -e 'process.exit(9)'; echo $?; node -e "process.kill(process.pid, 'SIGTERM')"; echo $?
node -e 'throw 1' 2> /dev/null; echo $?
