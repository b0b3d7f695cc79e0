"""What every number of a report means, a sentence each."""

from __future__ import annotations

EXPLANATIONS = {
    "raw, mean-centered": "Adding the same vector to every row changes every logit alike, and no "
    "probability. Raw takes the rows as they are stored. Mean-centered subtracts the mean row "
    "first, on which no probability depends.",
    "V, m": "V is the number of rows with a direction, one for each entry of the vocabulary; m "
    "is the width, the number of columns.",
    "overlap": "c, the cosine of the angle between two rows: 1 if they point the same way, 0 if "
    "they do not interfere, −1 if they are opposite.",
    "mean square overlap": "Mean of c² over all pairs of distinct rows, exact.",
    "against chance, 1/m": "How many times the mean square overlap of isotropic random rows, "
    "which is 1/m.",
    "untrained rows, ± 1 s.d.": "The same of V random rows, in times chance: 1, and the standard "
    "deviation by which it varies from one random matrix to another.",
    "standard deviations from these": "How far the mean square overlap lies from that of random "
    "rows (mean-centered: of centered random rows), in these standard deviations. Within about 5, "
    "overlaps do not show that the rows were trained.",
    "against the Welch floor": "How many times (V − m)/(m(V − 1)), the least mean square overlap "
    "that V unit rows in m dimensions can have; – for V ≤ m, where it is 0.",
    "mean |overlap|": "Mean of |c| over pairs; ± is the standard error of a sample.",
    "by chance": "Mean of |c| for isotropic random rows, close to √(2/(πm)).",
    "std |overlap|": "Standard deviation of |c| over pairs.",
    "mean overlap": "Mean of c over all pairs, exact: above 0 when rows share a direction.",
    "coherence, max |overlap|": "The largest |c| of any pair. The sign ≥ means that only a "
    "sample of the pairs was measured.",
    "effective width": "V² over the sum of G's squared eigenvalues, with G = ŴᵀŴ for unit rows "
    "Ŵ: m if all directions are used evenly, 1 if all rows are parallel.",
    "untrained rows": "What V rows of independent Gaussian numbers give in the line above.",
    "packing efficiency": "Effective width over m: 1 for a tight frame.",
    "entropy rank": "exp of the entropy of G's eigenvalues, taken as shares of their sum: another "
    "count of the directions in use, which depends less on the largest of them.",
    "stable rank": "The sum of G's eigenvalues over the largest one.",
    "variance outside Marchenko–Pastur": "Share of the sum of G's eigenvalues beyond the edges "
    "(√V ± √m)²/m between which those of random rows lie, for which it is 0.",
    "rows placed as at random": "Share of rows that overlap with the others no more than random "
    "directions do, to 2 standard deviations: 0.98 of untrained rows. In a trained head, rows that "
    "were never trained are among them.",
    "norms": "Lengths of the rows: mean, root mean square (rms), standard deviation (std), and "
    "the norms below which the named shares of rows lie.",
    "represented fraction": "φ, the share of rows with a norm above the threshold named beside it.",
    "regime": "By the norms alone: none if V ≤ m; strong if φ ≥ 0.9; weak if φV ≤ 2m; else "
    "intermediate (after LLG25).",
    "against untrained rows": "Norms do not tell trained rows from random ones. Overlaps and "
    "spectrum do, where they lie beyond what random rows give, of raw and of mean-centered rows.",
    "moved rows": "Share of rows that differ from those of the initialization given by more than "
    "the rounding of the stored numbers. Weight decay moves rows that were never trained, but does "
    "not turn them.",
    "frequency-centered": "Like mean-centered, with the mean row weighted by the token "
    "frequencies that were given.",
    "mean square overlap, text-weighted": "Mean of c² over two different tokens drawn by the "
    "frequencies given, as from a text: Σ p_i p_j c_ij² over i ≠ j, divided by 1 − Σp², "
    "where p is the frequency of a token, of sum 1 over the rows that have a direction.",
    "interference of a text's token": "Mean of c² over a token drawn by the frequencies given and "
    "another of the vocabulary, drawn uniformly.",
    "effective width, text-weighted": "1 over the sum of squared eigenvalues of Σ p_i ŵ_i ŵ_iᵀ: "
    "the number of directions that a text uses. At most m, and at most the effective tokens.",
    "effective tokens, 1/Σp²": "The number of equally frequent tokens with which two tokens drawn "
    "from the text would be the same as often as they are.",
    "share of the text left out": "Share of the frequencies given that falls on tokens whose row "
    "was left out, or has no direction.",
}
"""Label, as the summary has it where it is a line there, and its meaning."""

OF_FREQUENCIES = tuple(EXPLANATIONS)[tuple(EXPLANATIONS).index("frequency-centered") :]
"""Labels that are shown only where token frequencies were given."""
