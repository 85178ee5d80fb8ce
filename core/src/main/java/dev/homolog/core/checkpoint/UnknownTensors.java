package dev.homolog.core.checkpoint;

import dev.homolog.core.model.family.ModelFamily;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** What is known of tensors that no layout has. */
final class UnknownTensors {
  /** Characters of the longest name that is looked at; those of modules are far shorter. */
  static final int LONGEST = 512;

  private static final String UNQUANTISED =
      "load it with transformers, then model.dequantize() and save_pretrained(folder)";
  private static final String MERGE =
      "merge it: peft's merge_and_unload(), then save_pretrained(folder)";

  /** Why a tensor within a block is not one of the family's. */
  record Cause(Pattern name, String problem, String remedy) {
    private static Cause of(String parts, String problem, String remedy) {
      return new Cause(Pattern.compile("(.*\\.)?(" + parts + ")(\\..*)?"), problem, remedy);
    }
  }

  private static final List<Cause> CAUSES =
      List.of(
          Cause.of(
              "SCB|weight_format", "belongs to weights in 8 bits of bitsandbytes", UNQUANTISED),
          Cause.of(
              "absmax|quant_map|nested_absmax|nested_quant_map|quant_state",
              "belongs to weights in 4 bits of bitsandbytes",
              UNQUANTISED),
          Cause.of(
              "qweight|qzeros|g_idx|scales",
              "belongs to packed weights of GPTQ or AWQ",
              "use the model that was quantised"),
          Cause.of(
              "weight_scale|weight_scale_inv|input_scale|weight_packed|weight_zero_point|scale"
                  + "|zero_point|_packed_params",
              "belongs to quantised weights",
              "use the model that was quantised"),
          Cause.of(
              "lora_[A-Za-z_]+|base_layer|hada_[A-Za-z0-9_]+|ia3_l",
              "belongs to an adapter of PEFT that is not merged",
              MERGE),
          Cause.of(
              "weight_orig|weight_mask|bias_orig|bias_mask",
              "belongs to weights pruned by torch",
              "make it lasting: torch.nn.utils.prune.remove(module, \"weight\"), then save it"),
          Cause.of(
              "weight_g|weight_v|parametrizations",
              "belongs to weights in another parametrisation",
              "make it lasting: torch.nn.utils.parametrize.remove_parametrizations, then save it"),
          Cause.of(
              "crossattention|ln_cross_attn|q_attn",
              "belongs to cross-attention",
              "use a decoder-only model"));

  private static final Pattern IN_BLOCK = Pattern.compile("(.*\\.)?(h|layers)\\.\\d+\\..+");

  /** Names that modules of PyTorch give. */
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_.:/-]+");

  private static final Pattern OTHER_HEAD =
      Pattern.compile("(.*\\.)?(score|classifier|qa_outputs)\\.[A-Za-z_.]+");

  private UnknownTensors() {}

  /** Why a tensor within a block is there; empty if that is not known. */
  static Optional<Cause> cause(String name) {
    return name.length() <= LONGEST && IN_BLOCK.matcher(name).matches()
        ? CAUSES.stream().filter(cause -> cause.name.matcher(name).matches()).findFirst()
        : Optional.empty();
  }

  /**
   * Whether a tensor claims to be part of a transformer, so that leaving it out could change what
   * the model computes.
   *
   * @param name without what stands before all names
   */
  static boolean isInside(String name) {
    return name.length() > LONGEST
        || !PLAIN.matcher(name).matches()
        || ModelFamily.all().stream().anyMatch(family -> family.names().isInside(name));
  }

  /** Whether a tensor is of a head that classifies, so that one of language may be missing. */
  static boolean isOtherHead(String name) {
    return OTHER_HEAD.matcher(name).matches();
  }
}
