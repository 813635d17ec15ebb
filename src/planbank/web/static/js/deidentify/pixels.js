// Pixels: kept byte for byte, where nothing but pixels can be in them. Comes in: an object's header and its pixel element.
// Goes out: the parts to write, or a refusal: for images that may show a name (PS3.3 section C.7.6.1.1.5), and where more
// bytes lie than the image has.

import { Refused } from "./bytes.js";
import { element as encoded } from "./encode.js";
import { withoutComments } from "./jpeg.js";
import { Parts } from "./parts.js";
import { PIXEL_DATA } from "./walker.js";

const NEVER_BURNED = new Set([
  ..."ct-image mr-image positron-emission-tomography-image rt-dose segmentation".split(" "),
  ..."enhanced-ct-image enhanced-mr-image enhanced-pet-image".split(" "),
  ...["ct", "mr", "pet"].map((kind) => `legacy-converted-enhanced-${kind}-image`),
]);
const SCREENS = ["SCREEN SAVE", "SCREENSHOT", "SCREEN", "DOSE_INFO", "REPORT", "PROTOCOL", "SNAPSHOT"];
const JPEG = new Set([50, 51, 57, 70, 80, 81, 90, 91, 92, 93, 201, 202, 203].map((n) => `1.2.840.10008.1.2.4.${n}`));
const RLE = "1.2.840.10008.1.2.5";
const TAGS = {
  burned: 0x00280301, modality: 0x00080060, imageType: 0x00080008, conversion: 0x00080064, photometric: 0x00280004,
  rows: 0x00280010, columns: 0x00280011, bits: 0x00280100, samples: 0x00280002, frames: 0x00280008,
};

/** Whether a syntax is one whose pixels are looked into here. */
export const isCompressed = (syntax) => JPEG.has(syntax) || syntax === RLE;

export function checkBurnedIn(header, iod) {
  if (![...PIXEL_DATA].some((tag) => header.fields.has(tag))) return;
  const reason = doubt(header, iod);
  if (reason) throw new Refused(`${reason} A name may be drawn in its pixels.`);
}

function doubt(header, iod) {
  if (header.text(TAGS.burned).toUpperCase() === "YES") return "It says that text is burned in.";
  for (const tag of header.fields.keys()) {
    const group = Math.floor(tag / 0x10000);
    if ((group & 0xff01) === 0x6000 && !header.fields.has(group * 0x10000 + 0x3000)) {
      return "An overlay lies in the unused bits of its pixels.";
    }
  }
  if (!NEVER_BURNED.has(iod)) return "Images of this kind often show text.";
  const words = header.text(TAGS.imageType).replaceAll("\\", " ").toUpperCase();
  if (header.has(TAGS.conversion) || SCREENS.some((word) => words.includes(word))) return "It is a picture of a screen or of paper.";
  if (!["MONOCHROME1", "MONOCHROME2"].includes(header.text(TAGS.photometric))) return "It is a picture in colour.";
  return "";
}

/** Tag -> parts of the pixel element as it is. */
export function pixelParts(header, syntax) {
  const { walker } = header;
  const found = new Map();
  let position = 0;
  for (const element of walker.elements()) {
    if (PIXEL_DATA.has(element.tag)) {
      if (!["", "OB", "OW", "OF", "OD"].includes(element.vr)) {
        throw new Refused("Its pixels come with a representation that pixels do not have.");
      }
      const parts = new Parts(walker.data);
      if (element.undefined) compressed(parts, walker, position, element, syntax);
      else {
        checkLength(header, element);
        if ((element.end - element.start) % 2) parts.add(encoded(element.tag, element.vr || "OW", walker.value(element), walker.explicit));
        else parts.keep(position, element.after);
      }
      found.set(element.tag, parts);
    }
    position = element.after;
  }
  return found;
}

// Rows x columns x samples x frames x bits against the bytes that are there.
function checkLength(header, element) {
  const [rows, columns, bits] = [TAGS.rows, TAGS.columns, TAGS.bits].map((tag) => header.integer(tag));
  if (rows === null || columns === null || bits === null) throw new Refused("It has pixels and does not say how many.");
  let size = rows * columns * (header.integer(TAGS.samples) || 1) * (header.integer(TAGS.frames, true) || 1) * bits;
  if (header.text(TAGS.photometric) === "YBR_FULL_422") size = Math.floor((size * 2) / 3);
  const surplus = element.start + Math.floor((size + 7) / 8);
  if (header.walker.data.subarray(surplus, Math.max(element.end, surplus)).some(Boolean)) {
    throw new Refused("More bytes lie in its pixels than the image has; what they are cannot be told.");
  }
}

// Fragments as they are (PS3.5 annex A.4), comments in JPEG streams blanked.
function compressed(parts, walker, start, element, syntax) {
  if (!isCompressed(syntax)) throw new Refused("Its pixels are compressed in a way that is not looked into here.");
  let position = start;
  for (const [begin, end] of walker.items(element)) {
    const fragment = walker.data.subarray(begin, end);
    const blanked = JPEG.has(syntax) ? withoutComments(fragment) : fragment;
    if (blanked !== fragment) {
      parts.keep(position, begin);
      parts.add(blanked);
      position = end;
    }
  }
  parts.keep(position, element.after);
}
