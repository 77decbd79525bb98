import { fileURLToPath } from 'node:url';
import { Resvg } from '@resvg/resvg-js';

/** Beside this module; the build copies them beside its script in dist. */
const fontFiles = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((name) =>
  fileURLToPath(new URL(`./fonts/${name}`, import.meta.url)),
);

/** PNG bytes of an SVG text at its own size. Only the fonts shipped here are used. Throws on text that is no SVG. */
export function renderPng(svg: string): Uint8Array {
  return rendered(svg, fontFiles).asPng();
}

/**
 * Throws unless both weights of the chart's font draw: without its files resvg leaves out all text and says nothing, so
 * a picture of one word must hold ink.
 */
export function assertFonts(files: readonly string[] = fontFiles): void {
  for (const [index, weight] of ['normal', 'bold'].entries()) {
    const file = files.at(index);
    const word =
      '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30">' +
      `<text x="2" y="24" font-family="DejaVu Sans" font-weight="${weight}" font-size="22">UTC 0 %</text></svg>`;
    if (file === undefined || !rendered(word, [file]).pixels.some((value) => value > 0)) {
      throw new Error(`Charts would have no text: the ${weight} font could not be loaded from ${file ?? 'anywhere'}.`);
    }
  }
}

function rendered(svg: string, files: readonly string[]): ReturnType<Resvg['render']> {
  return new Resvg(svg, {
    font: { loadSystemFonts: false, fontFiles: [...files], defaultFontFamily: 'DejaVu Sans' },
  }).render();
}
