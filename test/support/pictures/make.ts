/** Makes the pictures of the README; see README.md here. */
import { fileURLToPath } from 'node:url';
import { tellOutage } from './outage.js';
import { renderPage } from './page.js';
import { photograph } from './photograph.js';

const beside = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const { alert, status, restored } = await tellOutage();
photograph(renderPage(alert, { kind: 'nothing' }), beside('alert.png'));
photograph(renderPage(status, { kind: 'command', by: 'reader', name: 'status' }), beside('status.png'));
photograph(renderPage(restored, { kind: 'reply', to: alert.message.content ?? '' }), beside('restored.png'));
