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
          new Feature(FeatureKind.SUBSET, "poems", -1, 2000));
  private static final FamilyRule RULE = new FamilyRule(FEATURES, 100_000);

  private static FamilyRule.Choice choose(double... explained) {
    return RULE.choose(explained);
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

  /** 100,000 positions are 50 documents; F with 1 and 48 degrees at 0.01 / 6 is 11.1010. */
  @Test
  void documentsAreTheDrawsOfATopic() {
    assertEquals(11.1010 / (11.1010 + 48), RULE.chance(5), 1e-6);
    assertEquals(RULE.chance(5), RULE.threshold(5));
    // And 6,250 stretches of 16 are those of a place: chance is far below the least that counts.
    assertEquals(9.8932 / (9.8932 + 6248), RULE.chance(3), 1e-8);
    assertEquals(0.1, RULE.threshold(3));
    assertTrue(RULE.chance(0) < 1.1e-6);
    assertEquals(Family.NONE, RULE.choose(new double[] {0, 0, 0, 0, 0, .09}).family());
  }
}
