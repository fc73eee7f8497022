/** Checks of folders of images; `codes.ts` joins them to all others. */
export const imageChecks = {
  MTL360: [
    "No such image",
    "A row of the label file names no image, or one that is not in `data.folder`. Names are relative to that folder and stay inside of it.",
  ],
  MTL361: [
    "Damaged image",
    "An image cannot be decoded: it is cut off, or its data is not what its header says. Make or copy it again, or take its row out of the label file.",
  ],
  MTL362: [
    "Not a png or jpeg",
    "The file is no image in one of these formats. What counts are its first bytes, not the ending of its name. Convert it.",
  ],
  MTL363: [
    "Image too large",
    "The image says that it has more pixels than are decoded, as files do that are made to fill memory. Make it smaller.",
  ],
  MTL365: [
    "Nothing to augment like this",
    "`data.augment` asks for a change of images where no input is one, for a shift by more than a whole image, or for moves that masks of another size cannot follow.",
  ],
  MTL366: [
    "Masks without classes",
    "Masks of a folder of images are read when their turn comes, so their classes must be named: `classes: [background, leaf]`, in the order of the numbers in the masks.",
  ],
} as const;
