/** Checks of arrays and images; `codes.ts` joins them to all others. */
export const arrayChecks = {
  MTL340: [
    "Not an array file",
    "The file is none of NumPy's npy or npz, nor MNIST's idx, or it is damaged: cut off, with a wrong header, or with a check sum that does not fit. Make or copy it again.",
  ],
  MTL341: [
    "Array of no numbers",
    "The array holds Python objects, records, complex numbers or dates, or texts where numbers are needed. Only numbers enter the network, and texts are classes. The message says how to convert them before saving.",
  ],
  MTL342: [
    "Array larger than memory",
    "The array takes more memory than `data.memory` allows. Raise it, save the array in a smaller type, or save fewer rows.",
  ],
  MTL343: [
    "Grows beyond reason",
    "A compressed file says that it unpacks to very much more than its size, as files do that are made to fill memory. It is not read. If it is meant, save it without compression.",
  ],
  MTL344: [
    "Unknown array",
    "The archive, or `data.arrays`, has no array of the name. The message names the nearest, and the arrays there are.",
  ],
  MTL345: [
    "Array of other axes",
    "The shape of the array does not fit its use: inputs have a first axis of rows, images (rows, height, width) or (rows, height, width, channels), labels one value, or one list, a row.",
  ],
  MTL346: [
    "Value that cannot be used",
    "An input is NaN or infinite. Labels may be missing (NaN); inputs must be whole. Correct the value, or leave its row out.",
  ],
  MTL347: [
    "Number that cannot be held",
    "An array or a column has a whole number beyond ±2⁵³, which cannot be computed with exactly. Save it as float64 or as smaller numbers; leave out what is an identifier.",
  ],
  MTL348: [
    "Arrays of other lengths",
    "One array has more or fewer rows than another. All arrays of an experiment need one entry of their first axis for each row.",
  ],
} as const;
