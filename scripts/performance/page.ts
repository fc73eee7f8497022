import { format, resolveConfig } from "prettier";

/**
 * A page whose places hold these sections, and is else as it was. A place stands between `<!-- made: name -->` and `<!-- /made -->`.
 * Throws where a section has no place or a place no section.
 */
export async function filledPage(page: string, sections: Readonly<Record<string, string>>, file: string): Promise<string> {
  const missing = new Set(Object.keys(sections));
  const filled = page.replace(/<!-- made: (\S+) -->.*?<!-- \/made -->/gs, (_, name: string) => {
    const section = sections[name];
    if (section === undefined) throw new Error(`${file} has a place for "${name}", which nothing makes.`);
    missing.delete(name);
    return `<!-- made: ${name} -->\n\n${section}\n\n<!-- /made -->`;
  });
  if (missing.size > 0)
    throw new Error(`${file} has no place for ${[...missing].join(", ")}: add <!-- made: ${[...missing][0] ?? ""} --><!-- /made -->.`);
  return await format(filled, { ...(await resolveConfig(file)), parser: "markdown" });
}
