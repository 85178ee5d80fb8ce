// What the columns of the table of neurons are called and mean, in few words; docs/definitions.md says it exactly.

const COLUMNS = {
  excess_corr: ["excess", "mean best correlation above the baseline's"],
  mean_corr: ["mean r", "mean over the other models of the best correlation"],
  max_corr: ["max r", "the best correlation in any other model"],
  min_corr: ["min r", "the lowest of the other models' best correlations"],
  mean_baseline: ["mean baseline", "what randomly turned layers reach, mean over the other models"],
  max_baseline: ["max baseline", "what randomly turned layers reach, in the best other model"],
  min_baseline: ["min baseline", "what randomly turned layers reach, in the worst other model"],
  baseline_sd: ["baseline sd", "deviation of the baseline over its draws"],
  mean: ["mean", "of the pre-activation"],
  var: ["variance", "of the pre-activation"],
  skew: ["skew", "of the pre-activation"],
  kurt: ["kurtosis", "of the pre-activation; 3 for a Gaussian"],
  sparsity: ["fires", "share of positions at which the pre-activation is above 0"],
  position_information: ["position info", "information on the position in the row that firing gives, in nats"],
  post_mean: ["act. mean", "of the activation after the non-linearity, kept tokens"],
  post_var: ["act. variance", "of the activation after the non-linearity, kept tokens"],
  post_skew: ["act. skew", "of the activation after the non-linearity, kept tokens"],
  post_kurt: ["act. kurtosis", "of the activation after the non-linearity, kept tokens"],
  r_mean: ["r mean", "mean of its correlations with all neurons of the other models"],
  r_var: ["r variance", "variance of its correlations with all neurons of the other models"],
  r_skew: ["r skew", "skew of its correlations with all neurons of the other models"],
  r_kurt: ["r kurtosis", "kurtosis of its correlations with all neurons of the other models"],
  w_in_norm: ["|w_in|", "norm of its input weights"],
  w_out_norm: ["|w_out|", "norm of its output weights"],
  input_bias: ["bias", "of its input"],
  in_out_sim: ["cos in, out", "cosine of its input and output weights"],
  l2_penalty: ["L2 penalty", "|w_in|² + |w_out|²"],
  vocab_mean: ["vocab mean", "mean over the vocabulary of cos(w_out, unembedding)"],
  vocab_var: ["vocab variance", "variance over the vocabulary of cos(w_out, unembedding)"],
  vocab_skew: ["vocab skew", "skew over the vocabulary of cos(w_out, unembedding)"],
  vocab_kurt: ["vocab kurtosis", "kurtosis over the vocabulary of cos(w_out, unembedding)"],
  vocab_dot_mean: ["dot mean", "mean over the vocabulary of w_out · unembedding"],
  vocab_dot_var: ["dot variance", "variance over the vocabulary of w_out · unembedding"],
  vocab_dot_skew: ["dot skew", "skew over the vocabulary of w_out · unembedding"],
  vocab_dot_kurt: ["dot kurtosis", "kurtosis over the vocabulary of w_out · unembedding"],
  family: ["family", "kind of the feature that explains it best"],
  family_feature: ["feature", "the feature that explains it best"],
  family_score: ["explained", "share of its variance that the feature explains"],
  runner_up: ["runner-up", "the best feature of another family"],
  margin: ["margin", "of the feature before the runner-up"],
  role: ["role", "what its output weights do to the vocabulary"],
  set: ["tokens of the role", "the class of tokens that explains most of its effect on the vocabulary"],
  set_size: ["size of the set", "tokens in that class"],
  variance_reduction: ["set explains", "share of the variance over the vocabulary that the class explains"],
  welch_t: ["Welch's t", "of the class against all other tokens"],
  set_probability: ["p of the set", "probability of the class as it is"],
  set_probability_raised: ["p, raised", "probability of the class with the neuron raised"],
  confirmed: ["confirmed", "raising the neuron moves the class as its role says"],
  homolog_models: ["homologs", "other models in which its best match is mutual and above the threshold"],
  agreement: ["family agrees", "share of its homologs that are of its family"],
  cohesion: ["cohesion", "mean correlation of the edges of its group of homologs"],
};

/** The columns that a table of neurons shows at first, where the run has them. */
const FIRST_COLUMNS = [
  "excess_corr",
  "mean_corr",
  "mean_baseline",
  "sparsity",
  "kurt",
  "homolog_models",
  "vocab_kurt",
  "role",
  "family",
  "family_feature",
  "family_score",
];

function columnLabel(name) {
  return COLUMNS[name]?.[0] ?? name.replaceAll("_", " ");
}

function columnMeaning(name) {
  return COLUMNS[name] === undefined ? `column ${name}` : `${COLUMNS[name][1]} (${name})`;
}
