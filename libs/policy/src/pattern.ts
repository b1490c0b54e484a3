export type PatternMatching = 'strict' | 'connaisseur';
