package dev.homolog.core.model.family;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The list of families, and what all of them must hold. */
class ModelFamilyTest {
  @Test
  void aFamilyIsFoundByItsType() {
    for (ModelFamily family : ModelFamily.all()) {
      assertEquals(Optional.of(family), ModelFamily.ofType(family.modelType()));
    }
    assertEquals(Optional.empty(), ModelFamily.ofType("bert"));
    assertEquals(Optional.empty(), ModelFamily.ofType(2L));
  }

  @Test
  void noTwoFamiliesShareATypeOrATitle() {
    int count = ModelFamily.all().size();
    assertEquals(
        count,
        ModelFamily.all().stream().map(ModelFamily::modelType).collect(Collectors.toSet()).size());
    assertEquals("GPT-2 or GPT-NeoX", ModelFamily.titles());
  }

  @Test
  void buffersAndLayersOfAnyFamilyAreKnown() {
    assertTrue(ModelFamily.anyHasBuffer("transformer.h.0.attn.masked_bias"));
    assertTrue(ModelFamily.anyHasBuffer("gpt_neox.layers.3.attention.rotary_emb.inv_freq"));
    assertFalse(ModelFamily.anyHasBuffer("h.0.attn.c_attn.bias"));
    assertEquals(Optional.of("11"), ModelFamily.layerOf("h.11.ln_1.weight"));
    assertEquals(Optional.of("3"), ModelFamily.layerOf("layers.3.mlp.dense_h_to_4h.bias"));
    assertEquals(Optional.empty(), ModelFamily.layerOf("wte.weight"));
  }

  @Test
  void positionsMustBeThoseOfTheFamily() {
    Architecture gpt2 = Gpt2.architecture(1e-5, Activation.RELU);
    PositionSpec rotary = new PositionSpec.Rotary(4, 10_000);
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new Architecture(
                gpt2.family(), gpt2.norm(), rotary, gpt2.attention(), gpt2.mlp(), false));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new Architecture(
                new GptNeoX(),
                gpt2.norm(),
                new PositionSpec.Learned(),
                gpt2.attention(),
                gpt2.mlp(),
                false));
  }

  @Test
  void scoresAreScaledAsTheSwitchesSay() {
    assertEquals(0.25, new AttentionSpec(HeadOrder.PART_BY_PART, true, true, false).scale(16, 3));
    assertEquals(0.0625, new AttentionSpec(HeadOrder.PART_BY_PART, true, true, true).scale(16, 3));
    assertEquals(1, new AttentionSpec(HeadOrder.HEAD_BY_HEAD, true, false, false).scale(16, 3));
  }
}
