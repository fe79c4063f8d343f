/** Patterns of words and phrases that text for people must not contain, because a plainer word exists. */
export const BANNED_PHRASES: readonly string[] = [
  "stay(s|ed)?",
  "goes",
  "spar(e|es|ed)",
  "told",
  "tell(s|ing)?",
  "look(s|ed)? again",
  "(first|second|later|new) look",
  "anew",
  "mend(s|ed)?",
  "elsewhere",
  "living",
  "lives on",
  "alive",
  "dead",
  "die(s|d)?",
  "fares?",
  "gates?",
  "turn(s|ed)?",
  "pin(s|ned)?",
  "whole",
  "as (it is|they are)",
  "shall",
  "who(ever|soever)",
  "whatever",
  "nobody",
  "somebody",
  "left (for the next run|to|alone)",
  "(is|are|was|were) to (be|stay)",
  "asked for",
  "by then",
  "judge[sd]?",
  "surveys?",
  "frontiers?",
  "hurr(y|ies)",
  "beside",
];

/** Parts of names that are private metaphors. */
export const BANNED_NAME_PARTS: ReadonlySet<string> = new Set([
  ...["alive", "anew", "dead", "elsewhere", "fare", "frontier", "gate", "goes", "judge", "left", "living", "look"],
  ...["looked", "looks", "meaning", "meanings", "mend", "own", "patience", "pin", "pinned", "pins", "spare", "spared"],
  ...["stays", "still", "survey", "tell", "tells", "ticket", "told", "turn", "turns", "word", "words"],
]);

/** A use of a banned word that is the field's own term. */
export interface Allowance {
  readonly path: string;
  /** A part of the text, or the name, that contains the word. */
  readonly text: string;
  readonly reason: string;
}

export const ALLOWED: readonly Allowance[] = [];
