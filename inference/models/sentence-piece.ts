/**
 * SentencePiece's own file, spiece.model, as the tokenizer.json that transformers 5.23 makes of it for T5 (field numbers of
 * sentencepiece_model.proto).
 */
import { messageOf, QschedError } from '../../contract/errors.js';
import { withProtobufFile, type ProtobufFile, type Span } from './protobuf-file.js';

/** Sentinels that T5 adds behind the pieces, the last number first. */
const EXTRA_IDS = 100;
const UNIGRAM = 1;
/** Types of pieces that texts do not match: unknown, control. */
const SPECIAL = [2, 3];

type Piece = readonly [text: string, score: number];

/** @throws QschedError (usage) for a file that is not a unigram model of SentencePiece */
export function sentencePieceDefinition(path: string): object {
  try {
    return withProtobufFile(path, definitionOf);
  } catch (error) {
    throw new QschedError(
      'usage',
      `${path} cannot be read as a SentencePiece model: ${messageOf(error)}.`,
      'Save tokenizer.json beside it: AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER), in Python.',
    );
  }
}

function definitionOf(file: ProtobufFile): object {
  const pieces: Piece[] = [];
  const special: string[] = [];
  let charsmap = '';
  for (const { field, span } of file.fields(file.span)) {
    if (field === 1) {
      const { piece, type } = readPiece(file, span);
      if (SPECIAL.includes(type)) special.push(piece[0]);
      pieces.push(piece);
    }
    if (field === 2) checkTrainer(file, span);
    if (field === 3) charsmap = readNormaliser(file, span);
  }
  if (pieces.length === 0) throw new Error('it holds no pieces');
  const extra = Array.from({ length: EXTRA_IDS }, (_, i): Piece => [`<extra_id_${EXTRA_IDS - 1 - i}>`, 0]);
  const vocab = [...pieces, ...extra];
  const added = [...special, ...extra.map(([content]) => content)];
  const metaspace = { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'always', split: true };
  return {
    added_tokens: added.map((content) => ({
      id: vocab.findIndex(([text]) => text === content),
      content,
      normalized: false,
      special: true,
    })),
    normalizer: charsmap === '' ? null : { type: 'Precompiled', precompiled_charsmap: charsmap },
    pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, metaspace] },
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '</s>', type_id: 0 } }],
      pair: [],
    },
    decoder: metaspace,
    model: { type: 'Unigram', unk_id: pieces.findIndex(([text]) => text === '<unk>'), vocab },
  };
}

function readPiece(file: ProtobufFile, message: Span): { piece: Piece; type: number } {
  let text = '';
  let score = 0;
  let type = 1;
  for (const { field, value, span } of file.fields(message)) {
    if (field === 1) text = file.text(span);
    if (field === 2) score = file.bytes(span).readFloatLE(0);
    if (field === 3) type = value;
  }
  return { piece: [text, score], type };
}

function checkTrainer(file: ProtobufFile, message: Span): void {
  for (const { field, value } of file.fields(message)) {
    if (field === 3 && value !== UNIGRAM) throw new Error('it is not a unigram model');
  }
}

function readNormaliser(file: ProtobufFile, message: Span): string {
  for (const { field, span } of file.fields(message)) if (field === 2) return file.bytes(span).toString('base64');
  return '';
}
