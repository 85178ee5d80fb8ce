package dev.homolog.analysis.explanation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The choice of a family, case by case. */
class FamilyRuleTest {
  private static final List<Feature> FEATURES =
      List.of(
          new Feature(FeatureKind.TOKEN, "','", 3, 1),
          Feature.of(FeatureKind.LETTER, "first letter s"),
          Feature.of(FeatureKind.CLASS, "has a symbol"),
          new Feature(FeatureKind.POSITION, "positions 0 to 15", -1, 16),
          new Feature(FeatureKind.PREVIOUS_TOKEN, "after ','", 3, 1),
          new Feature(FeatureKind.SUBSET, "poems", -1, 1));
  private static final FamilyRule RULE = new FamilyRule(FEATURES, 100_000, 50);

  private static final double SHUFFLED = 1e-4;
  private static final double QUANTILE = 12.1006;

  private static FamilyRule.Choice choose(double... explained) {
    return RULE.choose(explained, SHUFFLED);
  }

  @Test
  void theBestIsChosenAndTheBestOfAnotherFamilyComesNext() {
    assertEquals(
        new FamilyRule.Choice(Family.PREVIOUS_TOKEN, 4, 2), choose(.1, 0, .2, -.01, .5, .15));
    assertEquals(new FamilyRule.Choice(Family.TOPIC, 5, 0), choose(.1, 0, .05, -.01, .02, .7));
  }

  @Test
  void aSimplerOneThatSaysNearlyAsMuchIsPreferred() {
    assertEquals(new FamilyRule.Choice(Family.UNIGRAM, 0, 2), choose(.46, 0, .5, 0, 0, 0));
    assertEquals(new FamilyRule.Choice(Family.SYNTAX, 2, 0), choose(.44, 0, .5, 0, 0, 0));
    // Not if it does not count itself.
    assertEquals(new FamilyRule.Choice(Family.SYNTAX, 2, 0), choose(.099, 0, .105, 0, 0, 0));
  }

  @Test
  void tooLittleIsNone() {
    assertEquals(new FamilyRule.Choice(Family.NONE, 2, 0), choose(.05, 0, .0999, 0, 0, Double.NaN));
    double none = Double.NaN;
    assertEquals(
        new FamilyRule.Choice(Family.NONE, -1, -1), choose(none, none, none, none, none, none));
  }

  /** What decides must be nearly the best of all, whether that counts or not. */
  @Test
  void whatIsExplainedBetterByChanceIsNone() {
    FamilyRule few = new FamilyRule(FEATURES, 100_000, 5);
    double[] explained = {.2, 0, 0, 0, 0, .5};
    assertEquals(new FamilyRule.Choice(Family.NONE, 5, 0), few.choose(explained, SHUFFLED));
    explained[5] = .21;
    assertEquals(new FamilyRule.Choice(Family.UNIGRAM, 0, 5), few.choose(explained, SHUFFLED));
  }

  /** F with 1 and 28 degrees of freedom at 0.01 / 6 is exceeded above 12.1006. */
  @Test
  void labelsByChanceSayWhatASubsetMustExplain() {
    double unit = 1e-5;
    assertEquals(QUANTILE * (0.02 + unit) - unit, RULE.chance(5, 0.02), 1e-5);
    double[] explained = {0, 0, 0, 0, 0, .2};
    assertEquals(Family.TOPIC, RULE.choose(explained, 0.016).family());
    assertEquals(Family.NONE, RULE.choose(explained, 0.017).family());
    assertEquals(QUANTILE * unit - unit, RULE.chance(5, -1), 1e-8);
  }

  /** 6,250 stretches of 16 are the draws of a place; F at 0.01 / 6 is exceeded above 9.8932. */
  @Test
  void chanceIsTheLawOfF() {
    assertEquals(9.8932 / (9.8932 + 6248), RULE.chance(3, 0), 1e-8);
    assertTrue(RULE.chance(0, 0) < 1.1e-4);
    assertEquals(Family.NONE, RULE.choose(new double[] {0, 0, 0, 0, 0, .09}, 0).family());
  }
}
