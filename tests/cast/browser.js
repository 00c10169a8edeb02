// Opens a page in headless Chromium and prints what its promise `done` comes to, as JSON. Speaks the DevTools protocol over a pair of
// pipes: no port is opened.
// usage: node browser.js CHROMIUM PROFILE-FOLDER URL
'use strict';
const { spawn } = require('child_process');
const [program, profile, url] = process.argv.slice(2);
const chromium = spawn(program, ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
	'--disable-background-networking', '--disable-component-update', '--disable-sync', '--allow-file-access-from-files',
	'--remote-debugging-pipe', `--user-data-dir=${profile}`, 'about:blank'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
const waiting = new Map();
let last = 0, rest = '';

function end(status, words) {
	if (words) console.error(words);
	chromium.once('exit', () => process.exit(status));
	call('Browser.close').catch(() => {});
	setTimeout(() => chromium.kill('SIGKILL'), 5000);
}

function call(method, params, sessionId) {
	return new Promise((resolve, reject) => {
		waiting.set(++last, { resolve, reject });
		chromium.stdio[3].write(JSON.stringify({ id: last, method, params, sessionId }) + '\0');
	});
}

chromium.on('error', error => { console.error(String(error)); process.exit(1); });
chromium.stdio[4].setEncoding('utf8').on('data', text => {
	const messages = (rest + text).split('\0');
	rest = messages.pop();
	for (const message of messages.map(one => JSON.parse(one))) {
		const call = waiting.get(message.id);
		if (!call) continue;
		waiting.delete(message.id);
		if (message.error) call.reject(new Error(message.error.message));
		else call.resolve(message.result);
	}
});

(async () => {
	const { targetId } = await call('Target.createTarget', { url });
	const { sessionId } = await call('Target.attachToTarget', { targetId, flatten: true });
	for (;;) { // the page may still be on its way
		const { result, exceptionDetails } = await call('Runtime.evaluate',
			{ expression: 'window.done', awaitPromise: true, returnByValue: true }, sessionId);
		if (exceptionDetails) throw new Error(exceptionDetails.exception?.description || exceptionDetails.text);
		if (result.value === undefined) {
			await new Promise(resolve => setTimeout(resolve, 20));
			continue;
		}
		process.stdout.write(JSON.stringify(result.value));
		break;
	}
	end(0);
})().catch(error => end(1, String(error)));
