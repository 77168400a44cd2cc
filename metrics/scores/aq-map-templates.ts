/**
 * The 85 captions of AQ-MAP's text side: the 80 that OpenAI published for ImageNet with CLIP (2021), and the
 * 5 "in the scene" ones that CLIP Surgery (Li et al. 2023, arXiv 2304.05653) adds. `{}` is replaced by the noun.
 * The order is of no meaning: the embeddings are averaged.
 */

/** These are used with both articles: `*` is replaced by "a" and by "the". */
const BOTH_ARTICLES = [
  'a bad photo of * {}.',
  'a low resolution photo of * {}.',
  'a cropped photo of * {}.',
  'a bright photo of * {}.',
  'a dark photo of * {}.',
  'a close-up photo of * {}.',
  'a black and white photo of * {}.',
  'a pixelated photo of * {}.',
  'a jpeg corrupted photo of * {}.',
  'a blurry photo of * {}.',
  'a good photo of * {}.',
  'a photo of * {}.',
  'a photo of * hard to see {}.',
  'a photo of * clean {}.',
  'a photo of * dirty {}.',
  'a photo of * cool {}.',
  'a photo of * large {}.',
  'a photo of * nice {}.',
  'a photo of * weird {}.',
  'a photo of * small {}.',
  'a sculpture of * {}.',
  'a rendering of * {}.',
  'graffiti of * {}.',
  'a tattoo of * {}.',
  'a drawing of * {}.',
  'a painting of * {}.',
  'a doodle of * {}.',
  'a sketch of * {}.',
  'a rendition of * {}.',
  'art of * {}.',
  'itap of * {}.',
  '* {} in a video game.',
  '* embroidered {}.',
  '* plastic {}.',
  '* origami {}.',
  '* toy {}.',
  '* cartoon {}.',
  '* plushie {}.',
  'there is * {} in the scene.',
  'this is * {} in the scene.',
];

const ONE_ARTICLE = [
  'a photo of many {}.',
  'a photo of my {}.',
  'a photo of one {}.',
  'itap of my {}.',
  'this is one {} in the scene.',
];

/** All 85 templates, each with one `{}`. */
export const AQ_MAP_TEMPLATES: readonly string[] = [
  ...BOTH_ARTICLES.flatMap((template) => [template.replace('*', 'a'), template.replace('*', 'the')]),
  ...ONE_ARTICLE,
];
